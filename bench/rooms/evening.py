"""The generator: rooms full of people who walk, and what that cost whoever serves them."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol

from bench.rooms import walk
from bench.rooms.cores import Meter, Spent
from bench.rooms.guest import Guest
from bench.rooms.sample import Frames, Sample

PHASES: Final = 20  # groups that move one after the other, so that moves come evenly
VIEWERS: Final = 8  # sampled, at least


class Venue(Protocol):
    """Ours, or the peer."""

    @property
    def name(self) -> str: ...
    @property
    def meter(self) -> Meter: ...
    async def memory(self) -> int: ...
    async def fill(self, rooms: int, people: int, sampled: int = 0) -> list[list[Guest]]: ...
    async def read(self, viewers: Sequence[Guest]) -> list[Frames]: ...


@dataclass(frozen=True)
class Evening:
    """What was measured. `updates`: another avatar's new position reached a viewer."""

    seconds: float
    guests: int
    moves: int
    updates: float
    bytes: int  # of payload, to all
    spent: Spent
    sample: Sample

    @property
    def per_cpu_second(self) -> float:
        """Updates."""
        return self.updates / self.spent.server

    @property
    def p50(self) -> float:
        return statistics.median(self.sample.took or [0.0])

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.sample.took or [0.0, 0.0], n=100)[98]

    @property
    def bytes_each(self) -> float:
        """Of payload, to one guest, a second."""
        return self.bytes / self.guests / self.seconds


async def evening(venue: Venue, rooms: int, people: int, *, warm: float, seconds: float) -> Evening:
    """Fill the rooms, let everybody walk, and measure for a while once that has gone on for a while."""
    filled = await venue.fill(rooms, people, sampled=-(-VIEWERS // rooms))
    guests = [guest for room in filled for guest in room]
    try:
        async with walking(guests):
            await asyncio.sleep(warm)
            return await measured(venue, filled, seconds)
    finally:
        for guest in guests:
            guest.cut()


async def measured(venue: Venue, filled: Sequence[Sequence[Guest]], seconds: float) -> Evening:
    """Of people who walk."""
    guests, meter = [guest for room in filled for guest in room], venue.meter
    since, before = walk.now(), meter.read()
    for guest in guests:
        guest.start()
    await asyncio.sleep(seconds)
    until, spent = walk.now(), meter.read() - before
    units, payload = sum(guest.units for guest in guests), sum(guest.bytes for guest in guests)
    made = sum(len(guest.made) for guest in guests)
    sample = Sample()
    viewers = [(viewer, room) for room in filled for viewer in room if viewer.sample is not None]
    sample.units = sum(viewer.units for viewer, _ in viewers)
    for (viewer, room), frames in zip(viewers, await venue.read([viewer for viewer, _ in viewers]), strict=True):
        sample.take(viewer, frames, room, since, until)
    return Evening(
        seconds=(until - since) / walk.UNIT,
        guests=len(guests),
        moves=made,
        updates=units * sample.updates / max(sample.units, 1),
        bytes=payload,
        spent=spent,
        sample=sample,
    )


@asynccontextmanager
async def walking(guests: Sequence[Guest]) -> AsyncIterator[None]:
    """Everybody moves 15 times a second."""
    task = asyncio.create_task(_walk(guests))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _walk(guests: Sequence[Guest]) -> None:
    groups = [guests[n::PHASES] for n in range(PHASES)]
    loop = asyncio.get_running_loop()
    due, pause = loop.time(), 1 / (walk.HZ * PHASES)
    while True:
        for group in groups:
            at = walk.now()
            for guest in group:
                guest.move(at)
            due += pause
            await asyncio.sleep(max(0.0, due - loop.time()))
