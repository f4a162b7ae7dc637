"""The API everybody writes first: a seat is logged, then counted. `python -m tests.rooms.naive_api api`."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from libs.chassis.backbone import backbone, utc_now
from libs.chassis.process import Parts, main
from libs.eventstore.store import Unit
from services.rooms.deciders.refusals import RoomFull
from services.rooms.deciders.seat import RoomNow
from services.rooms.deciders.visitor import VISITOR, Away, Hold, visitor_stream
from services.rooms.guards import LOCK, Guard
from services.rooms.placement import place
from services.rooms.ports import Ticket
from services.rooms.projections import ROOMS
from services.rooms.realtime.settings import NodeSettings
from services.rooms.routes import REFUSALS, routes
from services.rooms.service import Rooms
from services.rooms.visits import Fresh, Guest, Visits


class AppendFirst(Visits):
    """The counter is always right, and the log is not: its positions are drawn before the guard is locked."""

    async def keep(self, unit: Unit, guest: Guest, room_id: UUID, fresh: Fresh, **_: Any) -> Ticket | RoomFull:
        stream = await unit.load(VISITOR, visitor_stream(guest.user_id))
        free = RoomNow(room_id, "lounge", "me", None, False, True, 1000, 0)
        command = Hold(
            user_id=guest.user_id,
            room=free,
            visit_id=fresh.visit_id,
            night_id=fresh.night_id,
            session_id=guest.session_id,
            issued_at=guest.issued_at,
            device_type=guest.device_type,
            join_source=guest.join_source,
            at=unit.at,
            expires_at=unit.at + self._settings.hold,
            night_gap=self._settings.night_gap,
        )
        state = (await unit.append(VISITOR, stream, VISITOR.decide(stream.state, command))).state
        (row,) = await unit.db.fetch(LOCK, [room_id])
        guard = Guard(RoomNow(*row[:9]), row["owner_node"], row["fence"], row["owner_url"], row["line_until"])
        if guard.room.occupied > guard.room.capacity:
            raise RoomFull
        assert not isinstance(state, Away)
        return await self._mint(unit, state.seat.visit_id, await place(unit.db, guard), moderator=False)


@asynccontextmanager
async def compose(settings: NodeSettings, wanted: Collection[str]) -> AsyncIterator[Parts]:
    async with backbone("rooms", settings, ROOMS) as bar:
        rooms = Rooms(bar.store, bar.pool, bar.cipher, settings)
        rooms.visits = AppendFirst(bar.store, bar.pool, settings)
        yield bar.parts(wanted, [routes(rooms, bar.pool, utc_now)], refusals=REFUSALS)


if __name__ == "__main__":
    main("rooms", NodeSettings, compose, roles=["api"])
