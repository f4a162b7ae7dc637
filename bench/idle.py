"""`python -m bench.idle [--short]`: what people cost who stand about, in rooms of 50, beside Colyseus.

Ours say `ping` every two seconds, as our clients do; Colyseus' answer its pings, every three. Memory is what the
process has grown by for each socket, with garbage collected where the server can be asked to.
"""

import asyncio

from bench.rooms.command import run
from bench.rooms.evening import Venue
from bench.rooms.ours import Stores, ours
from bench.rooms.peer import colyseus
from bench.rooms.standing import pinging

PEOPLE, ROOMS, SECONDS, SETTLE = 50, 40, 30.0, 8.0
MEMORY_GOAL, CPU_GOAL = 15.0, 0.77  # KB, and seconds for 1,000 of them a minute


async def stand(venue: Venue, *, rooms: int, seconds: float, settle: float) -> None:
    guests = [guest for room in await venue.fill(1, PEOPLE) for guest in room]  # what the first ones cost is no rule
    async with pinging(guests):
        await asyncio.sleep(settle)
        empty = await venue.memory()
        more = [guest for room in await venue.fill(rooms, PEOPLE) for guest in room]
        async with pinging(more):
            await asyncio.sleep(settle)
            before = venue.meter.read()
            await asyncio.sleep(seconds)
            spent, full = venue.meter.read() - before, await venue.memory()
    lost = sum(guest.over.done() for guest in [*guests, *more])
    for guest in [*guests, *more]:
        guest.cut()
    cpu = spent.server / (len(guests) + len(more)) * 1000 / seconds * 60
    print(
        f"{venue.name:10} {len(more):6} sockets   {(full - empty) / len(more) / 1000:6.1f} KB each"
        f"   {cpu:5.2f} CPU s for 1,000 a minute   generator {spent.generator / seconds:4.0%}   lost {lost}",
        flush=True,
    )


async def measure(where: Stores, short: bool) -> None:
    rooms, seconds, settle = (4, 4.0, 1.0) if short else (ROOMS, SECONDS, SETTLE)
    async with colyseus(PEOPLE) as theirs:
        await stand(theirs, rooms=rooms, seconds=seconds, settle=settle)
    async with ours(where) as mine:
        await stand(mine, rooms=rooms, seconds=seconds, settle=settle)
    print(f"goals: <= {MEMORY_GOAL:.0f} KB each, <= {CPU_GOAL} CPU s")


if __name__ == "__main__":
    run(measure)
