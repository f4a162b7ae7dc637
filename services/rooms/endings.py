"""How a visit ends, whoever says so: lock the room, look again, decide."""

from uuid import UUID

from libs.eventstore.errors import Conflict
from libs.eventstore.store import Meta, Stream, Unit
from services.rooms.deciders.visitor import VISITOR, Command, Expel, Revoke, Visitor, room_of, visitor_stream
from services.rooms.guards import Guard, guard_of, lock
from services.rooms.looks import LOCK_VISIT
from services.rooms.node_door import NotOwner

SEAT_OF = "select visit_id, room_id, session_id from seats where user_id = $1"


async def revoke(unit: Unit, user_id: UUID, command: Revoke | Expel, meta: Meta | None = None) -> bool:
    """End the visit that somebody else says is over; False: there is none, or another goes on."""
    seat = await unit.db.fetchrow(SEAT_OF, user_id)
    return seat is not None and await end(unit, user_id, seat["room_id"], command, meta)


async def end_visit(unit: Unit, visit_id: UUID, command: Command, *, fence: int | None = None) -> bool:
    """As `end`, of whoever's visit this is; False where it is over."""
    rows = await unit.guard(LOCK_VISIT, [visit_id])
    if not rows:
        return False
    stream = await unit.read(VISITOR, visitor_stream(rows[0]["visitor"]), rows[0])
    return await _end(unit, stream, guard_of(rows[0]), command, None, fence)


async def end(
    unit: Unit, user_id: UUID, room_id: UUID, command: Command, meta: Meta | None = None, *, fence: int | None = None
) -> bool:
    """Lock the room, look again, decide. False: nothing to end there any more. Raises NotOwner for another `fence`."""
    guard = (await lock(unit, [room_id]))[room_id]
    return await _end(unit, await unit.load(VISITOR, visitor_stream(user_id)), guard, command, meta, fence)


async def _end(
    unit: Unit, stream: Stream[Visitor], guard: Guard, command: Command, meta: Meta | None, fence: int | None
) -> bool:
    if fence is not None and guard.fence != fence:
        raise NotOwner
    if room_of(stream.state) not in (None, guard.room.room_id):
        raise Conflict(stream.stream_id)  # moved between the look and the lock
    await unit.append(VISITOR, stream, events := VISITOR.decide(stream.state, command), meta)
    return bool(events)
