"""HTTP in: keeping order in a room."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter

from libs.chassis.auth import Me
from libs.chassis.openapi import refuses
from services.rooms.deciders.refusals import NotFound, NotHost, RoomClosed, Self
from services.rooms.routes import REFUSALS, Clock, is_moderator
from services.rooms.schemas import Kick, MuteFor
from services.rooms.service import Rooms

KEPT = (NotFound, NotHost, RoomClosed)


def order_routes(rooms: Rooms, clock: Clock) -> APIRouter:
    """For hosts in their rooms, for moderators in all of them."""
    api = APIRouter(prefix="/v1/rooms/{room_id}", tags=["rooms"])

    @api.post("/kicks", status_code=204, responses=refuses(REFUSALS, *KEPT, Self))
    async def kick(room_id: UUID, body: Kick, me: Me) -> None:
        asked = (room_id, me.user_id, body.user_id, clock())
        await rooms.order.kick(*asked, seconds=body.seconds, moderator=is_moderator(me))

    @api.put("/mutes/{user_id}", status_code=204, responses=refuses(REFUSALS, *KEPT, Self))
    async def mute_in_room(room_id: UUID, user_id: UUID, me: Me, body: MuteFor | None = None) -> None:
        at = clock()
        until = at + timedelta(seconds=body.seconds) if body and body.seconds else None
        await rooms.order.mute(room_id, me.user_id, user_id, until, at, moderator=is_moderator(me))

    @api.delete("/mutes/{user_id}", status_code=204, responses=refuses(REFUSALS, *KEPT))
    async def unmute_in_room(room_id: UUID, user_id: UUID, me: Me) -> None:
        await rooms.order.unmute(room_id, me.user_id, user_id, clock(), moderator=is_moderator(me))

    @api.post("/lock", status_code=204, responses=refuses(REFUSALS, *KEPT))
    async def lock_room(room_id: UUID, me: Me) -> None:
        await rooms.order.lock(room_id, me.user_id, clock(), locked=True, moderator=is_moderator(me))

    @api.delete("/lock", status_code=204, responses=refuses(REFUSALS, *KEPT))
    async def unlock_room(room_id: UUID, me: Me) -> None:
        await rooms.order.lock(room_id, me.user_id, clock(), locked=False, moderator=is_moderator(me))

    return api
