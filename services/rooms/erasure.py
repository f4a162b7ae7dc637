"""What rooms alone knows how to forget. Rows that events brought go with `erasure_done`, in the projections.

Presence, the members' set and transforms are the node's: it hears `user_delete` itself, closes the socket and takes
them back, and what a dead node left runs out within seconds. Sanctions about the person stay until they are lifted.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from libs.eventstore.store import Unit
from services.rooms.deciders.room import ROOM, Close, room_stream
from services.rooms.deciders.visitor import VISITOR, EndNight, Revoke, visitor_stream
from services.rooms.guards import lock
from services.rooms.visits import SEAT_OF, revoke

HOSTED: Final = """
select g.room_id from rooms r join room_guards g on g.room_id = r.id where r.created_by = $1 and g.is_open
"""
FORGET: Final = """
with kicked as (delete from room_kicks where user_id = $1),
  line as (delete from waiting where user_id = $1)
delete from host_guards where user_id = $1
"""


async def clear(unit: Unit, user_id: UUID) -> None:
    """End their visit and their night, close their rooms: whoever is in there leaves by the sweeper's hand."""
    seat = await unit.db.fetchrow(SEAT_OF, user_id)
    hosted = [row["room_id"] for row in await unit.db.fetch(HOSTED, user_id)]
    await lock(unit, {*hosted, seat["room_id"]} if seat else hosted)
    await revoke(unit, user_id, Revoke("deleted", unit.at))
    visitor = await unit.load(VISITOR, visitor_stream(user_id))
    await unit.append(VISITOR, visitor, VISITOR.decide(visitor.state, EndNight(unit.at, timedelta())))
    for room_id in hosted:
        room = await unit.load(ROOM, room_stream(room_id))
        await unit.append(ROOM, room, ROOM.decide(room.state, Close(user_id)))
    await unit.db.execute(FORGET, user_id)
