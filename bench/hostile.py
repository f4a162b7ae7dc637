"""`python -m bench.hostile [--short]`: what the others notice of slow readers and floods in their own rooms.

Two rooms of 50 who walk, first with twelve quiet guests in each, then with twelve hostile ones: half of them read
nothing, half send moves without end; all come back whenever they are thrown out. p99 from a move to its being seen, of
the 50.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from bench.rooms.command import run
from bench.rooms.evening import Evening, measured, walking
from bench.rooms.guest import Guest
from bench.rooms.nuisance import flooder, slow_reader
from bench.rooms.ours import EVERYBODY, Ours, Stores, ours
from bench.rooms.standing import pinging
from bench.rooms.table import HEAD, row

PEOPLE, NUISANCES, ROOMS, VIEWERS, GOAL = 50, 12, 2, 4, 1.1


async def nights(bar: Ours, *, warm: float, seconds: float) -> tuple[Evening, Evening]:
    rooms = [await bar.open_room(PEOPLE + NUISANCES) for _ in range(ROOMS)]
    walkers = [[await bar.arrive(room, sampled=n < VIEWERS) for n in range(PEOPLE)] for room in rooms]
    quiet: list[Guest] = [await bar.arrive(room) for room in rooms for _ in range(NUISANCES)]
    async with walking([guest for room in walkers for guest in room]):
        async with pinging(quiet):
            alone = await _measured(bar, "quiet", walkers, warm, seconds)
        for guest in quiet:
            guest.leave()
        await asyncio.gather(*(guest.over for guest in quiet))
        kinds = (slow_reader, flooder)
        hostile = [asyncio.create_task(kinds[n % 2](bar, room)) for room in rooms for n in range(NUISANCES)]
        among = await _measured(bar, "hostile", walkers, warm, seconds)
        for task in hostile:
            task.cancel()
        for task in hostile:
            with suppress(asyncio.CancelledError):
                await task
    for guest in (guest for room in walkers for guest in room):
        assert not guest.over.done(), f"somebody harmless was closed with {guest.code}"
        guest.cut()
    return alone, among


async def _measured(bar: Ours, name: str, walkers: Sequence[Sequence[Guest]], warm: float, seconds: float) -> Evening:
    await asyncio.sleep(warm)
    seen = await measured(bar, walkers, seconds)
    print(row(name, len(walkers), seen), flush=True)
    return seen


async def measure(where: Stores, short: bool) -> None:
    print(HEAD)
    roomy = {"limit_hellos_per_minute": 100_000, "limit_hellos_burst": 100_000, **EVERYBODY}
    async with ours(where, roomy) as mine:
        alone, among = await nights(mine, warm=2 if short else 8, seconds=3 if short else 20)
    print(f"p99 of the others, with / without: {among.p99 / alone.p99:.2f} (goal <= {GOAL})")


if __name__ == "__main__":
    run(measure)
