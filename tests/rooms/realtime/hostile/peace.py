"""Two people of good will: one walks and talks, the other one sees and hears it, whatever is done to them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from clients.python import Visit
from clients.python.events import Left, Problem, Reconnecting, Said
from tests.rooms.realtime.bar import Bar
from tests.waiting import until

HZ = 10
STRIDE = 20  # centimetres


@dataclass
class Peace:
    bar: Bar
    room: UUID
    walker: Visit
    witness: Visit
    steps: int = 0

    @property
    def users(self) -> tuple[UUID, UUID]:
        return self.bar.user(self.walker), self.bar.user(self.witness)

    async def walk(self) -> None:
        """To and fro, a word every second."""
        assert self.walker.roster.me
        x, z = self.walker.roster.me.x, self.walker.roster.me.z
        while True:
            self.steps += 1
            self.walker.move(x + STRIDE * (self.steps % 10), 0, z)
            await asyncio.sleep(1 / HZ)

    async def holds(self) -> None:
        """Raises AssertionError where one of them was disturbed, or no longer sees and hears the other."""
        before, frames = self.steps, self.witness.frames_seen
        await until(lambda: self.steps > before + 3)
        await until(lambda: self.witness.frames_seen > frames + 2)
        told = await self.walker.chat(f"step {self.steps}")
        await until(lambda: any(said.offset == told.offset for said in self.bar.events(self.witness, Said)))
        for visit in (self.walker, self.witness):
            assert visit.over is None
            disturbed = self.bar.events(visit, Reconnecting, Problem)
            assert disturbed == []
            assert not {left.user for left in self.bar.events(visit, Left)} & set(self.users)
            assert set(self.users) <= set(visit.roster.people)


@asynccontextmanager
async def peace(bar: Bar, room: UUID) -> AsyncIterator[Peace]:
    made = Peace(bar, room, await bar.join(room), await bar.join(room))
    walking = asyncio.create_task(made.walk())
    try:
        yield made
        await made.holds()
    finally:
        walking.cancel()
