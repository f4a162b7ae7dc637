"""Order in a room, as its host and moderators keep it: its lock, who is not heard there, who is shown the door.

Only people who are there, wait there or were there lately can be muted or kept out. Of anybody else nothing is written
down, so that a host cannot fill tables with ids, and nobody is told: the answer would say where people are, also people
who are hidden from the host by a block.
"""

from datetime import datetime, timedelta
from uuid import UUID

from libs.eventstore.db import Pool
from libs.eventstore.store import Store, Unit
from services.rooms.deciders.facts import Facts
from services.rooms.deciders.order import Lock, Mute, Muted, Unmute
from services.rooms.deciders.refusals import NotFound, RoomClosed, Self
from services.rooms.deciders.room import ROOM, Open, Unopened, room_stream
from services.rooms.deciders.visitor import Expel
from services.rooms.guards import lock
from services.rooms.node_door import NotOwner
from services.rooms.settings import RoomsSettings
from services.rooms.visits import SEAT_OF, end
from services.rooms.waitlist import only_invited, step_out

STANDING = "select until from room_mutes where room_id = $1 and user_id = $2"
MUTES = "select user_id, until from room_mutes where room_id = $1 and (until is null or until > $2)"
MUTED = """
select exists (select from room_mutes where room_id = $1 and user_id = $2 and (until is null or until > $3))
"""
SHOW_OUT = """
insert into room_kicks (room_id, user_id, until) values ($1, $2, $3)
on conflict (room_id, user_id) do update set until = greatest(room_kicks.until, excluded.until)
"""
KNOWN = """
select exists (select from seats where user_id = $2 and room_id = $1)
  or exists (select from waiting where user_id = $2 and room_id = $1)
  or exists (select from room_memberships where user_id = $2 and room_id = $1 and (left_at is null or left_at > $3))
"""
FORGET_KICKS = "delete from room_kicks where until <= $1"


class OrderKeeping:
    """`by` is the host of the room, or `moderator` says so. All raise NotFound, RoomClosed and NotHost.

    With `fence`, which a node gives, NotOwner where it is no longer the room's.
    """

    def __init__(self, store: Store, pool: Pool, settings: RoomsSettings) -> None:
        self._store = store
        self._pool = pool
        self._settings = settings

    async def lock(self, room_id: UUID, by: UUID, at: datetime, *, locked: bool, moderator: bool = False) -> None:
        """Let in the invited alone, or everybody again. Whoever is in stays."""

        async def work(unit: Unit) -> None:
            await lock(unit, [room_id])
            stream = await unit.load(ROOM, room_stream(room_id))
            events = ROOM.decide(stream.state, Lock(by, locked, moderator))
            await unit.append(ROOM, stream, events)
            if locked:
                await only_invited(unit.db, room_id)

        await self._store.run(work, at=at)

    async def mute(
        self,
        room_id: UUID,
        by: UUID,
        user: UUID,
        until: datetime | None,
        at: datetime,
        *,
        moderator: bool = False,
        fence: int | None = None,
    ) -> bool:
        """Nobody in the room hears or reads them until then (None: until further notice). Raises Self too.

        False: they are a stranger to the room, which is not for whoever asks to know.
        """

        async def work(unit: Unit) -> bool:
            await _lock(unit, room_id, fence)
            stream = await unit.load(ROOM, room_stream(room_id))
            standing, stranger = await _standing(unit, room_id, user), await self._is_stranger(unit, room_id, user)
            command = Mute(by, user, until, standing, moderator, stranger)
            await unit.append(ROOM, stream, ROOM.decide(stream.state, command))
            return not stranger

        return await self._store.run(work, at=at)

    async def unmute(
        self, room_id: UUID, by: UUID, user: UUID, at: datetime, *, moderator: bool = False, fence: int | None = None
    ) -> None:
        """The room hears them again. Nothing happens where it does."""

        async def work(unit: Unit) -> None:
            await _lock(unit, room_id, fence)
            stream = await unit.load(ROOM, room_stream(room_id))
            command = Unmute(by, user, await _standing(unit, room_id, user), moderator)
            await unit.append(ROOM, stream, ROOM.decide(stream.state, command))

        await self._store.run(work, at=at)

    async def kick(
        self,
        room_id: UUID,
        by: UUID,
        user: UUID,
        at: datetime,
        *,
        seconds: int | None = None,
        moderator: bool = False,
        fence: int | None = None,
    ) -> bool:
        """End their visit there, and keep them out for a while; False: they were not in. Raises Self too."""
        stay_out = self._settings.kick if seconds is None else timedelta(seconds=seconds)

        async def work(unit: Unit) -> bool:
            facts = _open((await unit.load(ROOM, room_stream(room_id))).state)
            facts.must_be_kept_by(by, moderator=moderator)
            if by == user:
                raise Self
            # first the bar, under the room's guard: whoever is just coming in finds it, or is found
            await _lock(unit, room_id, fence)
            if await self._is_stranger(unit, room_id, user):
                return False
            await unit.db.execute(SHOW_OUT, room_id, user, at + stay_out)
            await step_out(unit.db, user, room_id)
            seat = await unit.db.fetchrow(SEAT_OF, user)
            if seat is None or seat["room_id"] != room_id:
                return False
            return await end(unit, user, room_id, Expel("kicked", at, room_id))

        return await self._store.run(work, at=at)

    async def _is_stranger(self, unit: Unit, room_id: UUID, user: UUID) -> bool:
        return not await unit.db.fetchval(KNOWN, room_id, user, unit.at - self._settings.acquaintance)

    async def muted(self, room_id: UUID, at: datetime) -> dict[UUID, datetime | None]:
        """Who is not heard in the room now, and until when."""
        return {row["user_id"]: row["until"] for row in await self._pool.fetch(MUTES, room_id, at)}


async def _lock(unit: Unit, room_id: UUID, fence: int | None) -> None:
    guards = await lock(unit, [room_id])
    if fence is not None and (room_id not in guards or guards[room_id].fence != fence):
        raise NotOwner


async def _standing(unit: Unit, room_id: UUID, user: UUID) -> Muted | None:
    row = await unit.db.fetchrow(STANDING, room_id, user)
    return Muted(row["until"]) if row else None


def _open(state: object) -> Facts:
    match state:
        case Open(facts):
            return facts
        case Unopened():
            raise NotFound
        case _:
            raise RoomClosed
