"""A crowd that wants in and out of the same few rooms, and the naive door that lets it: append first, guard after."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid4

from libs.contracts.rooms import RoomLeave, SeatHold, SeatRelease
from libs.eventstore.db import Db
from libs.eventstore.decider import Refused
from libs.eventstore.errors import Conflict
from libs.eventstore.recorded import Recorded
from libs.eventstore.store import Store, Unit
from services.rooms.deciders.refusals import RoomFull
from services.rooms.deciders.seat import RoomNow
from services.rooms.deciders.visitor import VISITOR, Away, Command, Hold, Leave, room_of, visitor_stream
from services.rooms.node_door import NotOwner
from services.rooms.projections import project
from tests.rooms.house import House
from tests.rooms.people import GAP, NINE, after

PASSING = (Refused, Conflict, NotOwner)


class Doorway(Protocol):
    async def hold(self, user: UUID, room: UUID) -> None: ...
    async def leave(self, user: UUID) -> None: ...


@dataclass(frozen=True)
class TheDoor:
    """Seats as the service gives them; every third is taken."""

    house: House
    dice: random.Random

    async def hold(self, user: UUID, room: UUID) -> None:
        ticket = await self.house.hold(user, room)
        if self.dice.random() < 0.3:
            await self.house.enter(ticket, room)

    async def leave(self, user: UUID) -> None:
        if seat := await self.house.pool.fetchrow("select room_id from seats where user_id = $1", user):
            await self.house.rooms.visits.leave_room(user, seat["room_id"], NINE)


TAKE = "update room_guards set occupied = occupied + 1 where room_id = $1 and occupied < capacity returning true"
GIVE_BACK = "update room_guards set occupied = occupied - 1 where room_id = $1"


class AppendFirst:
    """What everybody writes first: the counter is always right, and the log is not."""

    def __init__(self, house: House, dice: random.Random) -> None:
        self._store = Store(house.pool, cipher=house.cipher, project=_seats_alone)
        self._dice = dice

    async def hold(self, user: UUID, room: UUID) -> None:
        free = RoomNow(room, "lounge", "eu", None, False, True, 1000, 0)
        await self._decide(
            user,
            Hold(user, free, uuid4(), uuid4(), user, NINE, "web", "direct", NINE, after(30), GAP),
        )

    async def leave(self, user: UUID) -> None:
        await self._decide(user, None)

    async def _decide(self, user: UUID, command: Command | None) -> None:
        async def work(unit: Unit) -> None:
            stream = await unit.load(VISITOR, visitor_stream(user))
            before, now = stream.state, command
            if now is None:
                if isinstance(before, Away):
                    return
                now = Leave(before.seat.visit_id, "left", NINE)
            after_it = await unit.append(VISITOR, stream, VISITOR.decide(before, now))
            await asyncio.sleep(self._dice.uniform(0, 0.01))
            if after_it.version == stream.version:
                return
            for room, sql in sorted([(room_of(before), GIVE_BACK), (room_of(after_it.state), TAKE)], key=str):
                if room and not await unit.db.fetchval(sql, room) and sql == TAKE:
                    raise RoomFull

        await self._store.run(work, at=NINE)


async def _seats_alone(db: Db, happened: Recorded) -> None:
    match happened.event:
        case SeatHold(user_id=user, visit_id=visit, room_id=room) as e:
            await db.execute(
                "insert into seats (user_id, visit_id, room_id, state, device_type, join_source, session_id, issued_at,"
                " held_at, expires_at) values ($1, $2, $3, 'held', 'web', 'direct', $1, $4, $4, $4)",
                user, visit, room, e.held_at,
            )  # fmt: skip
        case SeatRelease(user_id=user) | RoomLeave(user_id=user):
            await db.execute("delete from seats where user_id = $1", user)
        case _:
            await project(db, happened)


async def throng(
    door: Doorway,
    users: Sequence[UUID],
    rooms: Sequence[UUID],
    dice: random.Random,
    enough: Callable[[int], Awaitable[bool]],
    *,
    hands: int = 16,
) -> None:
    """Everybody at once, until `enough(asked)`, which is how often a seat was asked for. Refusals are part of it."""
    asked, done = 0, asyncio.Event()

    async def hand() -> None:
        nonlocal asked
        while not done.is_set():
            user = dice.choice(users)
            with suppress(*PASSING):
                if dice.random() < 0.7:
                    asked += 1
                    await door.hold(user, dice.choice(rooms))
                else:
                    await door.leave(user)

    async with asyncio.TaskGroup() as group:
        for _ in range(hands):
            group.create_task(hand())
        while not await enough(asked):
            await asyncio.sleep(0.05)
        done.set()
