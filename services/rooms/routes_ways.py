"""HTTP in: the other ways to a seat (invites, matchmaking), and where one's friends are."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from libs.chassis.auth import Me
from libs.chassis.idempotency import MaybeOnce
from libs.chassis.many import Ids
from libs.chassis.openapi import refuses
from libs.chassis.pagination import Page, Paging
from libs.eventstore.db import Pool
from services.rooms import queries
from services.rooms.deciders.refusals import (
    InviteUsed,
    NoRoom,
    NotFound,
    NotHost,
    NotSeated,
    RoomClosed,
    SeatGone,
    Self,
)
from services.rooms.routes import REFUSALS, Clock, guest_of, is_moderator, no_seat, node_needed, shown_once
from services.rooms.schemas import (
    FindRoom,
    InviteAnswer,
    JoinByInvite,
    MatchAnswer,
    NewInvite,
    RoomCard,
    TicketAnswer,
    Whereabouts,
)
from services.rooms.service import Rooms
from services.rooms.whereabouts import Whereabouts as Friends

Token = Annotated[str, Path(min_length=1, max_length=128)]
UNINVITED = (NotFound, NotHost, NotSeated, RoomClosed, InviteUsed, Self)


def ways_routes(rooms: Rooms, friends: Friends, pool: Pool, clock: Clock) -> APIRouter:
    api = APIRouter(prefix="/v1", tags=["rooms"])

    @api.post("/rooms/{room_id}/invites", status_code=201, responses=refuses(REFUSALS, *UNINVITED))
    async def invite(
        room_id: UUID, me: Me, once: MaybeOnce, response: Response, body: NewInvite | None = None
    ) -> InviteAnswer:
        response.headers["cache-control"] = "no-store"
        user = body.user_id if body else None
        invited = await rooms.invites.create(room_id, me.user_id, user, clock(), moderator=is_moderator(me), once=once)
        return InviteAnswer.of(invited)

    @api.post("/invites/{token}/join", responses=no_seat(InviteUsed))
    async def join_by_invite(
        token: Token, body: JoinByInvite, me: Me, once: MaybeOnce, response: Response
    ) -> TicketAnswer:
        guest = guest_of(me, body.device_type, "invite")
        with node_needed():
            return TicketAnswer.of(shown_once(await rooms.invites.join(guest, token, clock(), once), response))

    @api.post("/matchmaking/join", responses=refuses(REFUSALS, NoRoom, SeatGone))
    async def find_room(body: FindRoom, me: Me, once: MaybeOnce, response: Response) -> MatchAnswer:
        guest = guest_of(me, body.device_type, "matchmaking")
        with node_needed():
            found = await rooms.matchmaking.join(guest, body.wish, clock(), once)
        seat = TicketAnswer.of(shown_once(found.ticket, response))
        room = RoomCard.of(await queries.room(pool, found.match.room_id))
        return MatchAnswer(**seat.model_dump(), room=room, reasons=list(found.match.reasons))

    @api.get("/presence")
    async def presence(me: Me, ids: Ids, paging: Paging) -> Page[Whereabouts]:
        start = (paging.after(tuple[int]) or (0,))[0]
        asked = list(enumerate(ids, 1))[max(0, start) :][: paging.fetch]
        found = await friends.of([user for _, user in asked], me.user_id, clock())
        places = {user: n for n, user in asked}
        return paging.page(found, Whereabouts.of, lambda each: (places[each.user_id],))

    return api
