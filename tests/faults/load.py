"""Writers as bad as they come: they contend, touch other tables first, dawdle, and change their minds."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from libs.eventstore.errors import Conflict
from libs.eventstore.store import Store, Unit
from tests.faults.checker import Fact
from tests.libs.eventstore.house import House
from tests.libs.eventstore.seats import SEAT, SeatLeave, SeatPolish, SeatTake, seat_of

EARLY = "insert into guards (room_id, capacity) values ($1, 1)"
COMMITTED = "select pos, event_id, stream_id, version, name from events order by pos"


@dataclass(frozen=True)
class Effort:
    """How long a fault test goes on. The short form ends when each control has been found out."""

    seconds: float
    times: int


LONG = os.environ.get("FAULTS") == "long"
"""As `make faults` has it."""
EFFORT = Effort(seconds=60, times=30) if LONG else Effort(seconds=2, times=2)


class ChangedMind(Exception):
    """A writer rolls back what it has just appended."""


async def write(house: House, store: Store, users: list[UUID], dice: random.Random, dawdle: float = 0.006) -> None:
    """One transaction of the load; lost races and changed minds are part of it."""
    user, early, rolled_back = dice.choice(users), dice.random() < 0.5, dice.random() < 0.03

    async def work(unit: Unit) -> None:
        if early:
            await unit.db.execute(EARLY, uuid4())
            await asyncio.sleep(dice.uniform(0, dawdle))
        stream = await unit.load(SEAT, seat_of(user))
        room = uuid4()
        kinds = [SeatTake(user_id=user, room_id=room), SeatLeave(user_id=user, room_id=room), SeatPolish(user_id=user)]
        await unit.append(SEAT, stream, kinds[: dice.randint(1, 3)])
        await asyncio.sleep(dice.uniform(0, dawdle))
        if rolled_back:
            raise ChangedMind

    with suppress(Conflict, ChangedMind):
        await store.run(work, at=datetime.now(UTC))


async def under_load(
    house: House, enough: Callable[[], Awaitable[bool]], *, writers: int = 24, streams: int = 8
) -> None:
    """Keep `writers` writing until `enough`, and then until each has finished what it holds."""
    store, stop, users = house.store(), asyncio.Event(), [uuid4() for _ in range(streams)]

    async def writer(dice: random.Random) -> None:
        while not stop.is_set():
            await write(house, store, users, dice)

    async with asyncio.TaskGroup() as group:
        for seed in range(writers):
            group.create_task(writer(random.Random(seed)))
        while not await enough():
            await asyncio.sleep(0.05)
        stop.set()


async def committed(house: House, *, names: frozenset[str] | None = None) -> list[Fact]:
    """The log, in the order of its positions; only events of these names where given."""
    rows = await house.pool.fetch(COMMITTED)
    return [
        Fact(row["event_id"], row["stream_id"], row["version"], row["pos"])
        for row in rows
        if names is None or row["name"] in names
    ]
