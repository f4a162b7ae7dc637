"""`python -m bench.floor [--short]`: one room of 200 and one of 1,000, whose people are shown the 40 nearest.

What reaches each of them must not grow with the room; reach says nothing here, as most are not shown most.
"""

from bench.rooms.command import run
from bench.rooms.evening import evening
from bench.rooms.ours import Stores, ours
from bench.rooms.table import HEAD, row

ROOMS, GOAL = (200, 1000), 10_240  # bytes a second to each


async def measure(where: Stores, short: bool) -> None:
    print(HEAD)
    for people in ROOMS[:1] if short else ROOMS:
        async with ours(where) as mine:
            mine.theme = "sports"
            seen = await evening(mine, 1, people, warm=2 if short else 5, seconds=2 if short else 12)
        print(row(mine.name, 1, seen), flush=True)
        print(f"{people} in a room: {seen.bytes_each / 1024:.1f} KiB a second each (goal <= {GOAL / 1024:.0f})")


if __name__ == "__main__":
    run(measure)
