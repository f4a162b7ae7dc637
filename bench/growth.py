"""`python -m bench.growth [--short]`: ten times the rooms and the people, and what an update costs then."""

from bench.rooms.command import run
from bench.rooms.evening import Evening, evening
from bench.rooms.ours import EVERYBODY, Stores, ours
from bench.rooms.table import HEAD, row

PEOPLE, FEW, GOAL = 50, 2, 1.2


async def measure(where: Stores, short: bool) -> None:
    print(HEAD)

    async def shown(rooms: int) -> Evening:
        async with ours(where, EVERYBODY) as mine:
            seen = await evening(mine, rooms, PEOPLE, warm=2 if short else 5, seconds=2 if short else 12)
        print(row(mine.name, rooms, seen), flush=True)
        return seen

    few, many = await shown(FEW), await shown(3 * FEW if short else 10 * FEW)
    print(f"cost of an update, many / few: {few.per_cpu_second / many.per_cpu_second:.2f} (goal <= {GOAL})")


if __name__ == "__main__":
    run(measure)
