"""HTTP in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from libs.chassis.answers import Statuses
from libs.chassis.auth import Caller, Me
from libs.chassis.idempotency import MaybeOnce
from libs.chassis.openapi import besides, refuses
from libs.chassis.pagination import Page, Paging
from libs.chassis.problems import Unavailable
from libs.contracts.vocabulary import DeviceType, JoinSource, Region, Theme
from libs.eventstore.db import Pool
from libs.eventstore.decider import Refused
from libs.safety.surface import Surface
from services.rooms import queries
from services.rooms.company import shown_to
from services.rooms.deciders.refusals import (
    InviteUsed,
    Muted,
    NoRoom,
    NoSeat,
    NotFound,
    NotHost,
    NotSeated,
    RoomBanned,
    RoomClosed,
    RoomFull,
    RoomLocked,
    RoomPrivate,
    RoomQuota,
    SeatGone,
    Self,
    SystemRoom,
    VoiceOff,
)
from services.rooms.placement import NoNode
from services.rooms.ports import Ticket
from services.rooms.queries import Sort
from services.rooms.schemas import JoinRoom, Member, NewRoom, RoomCard, RoomChange, TicketAnswer, Waitlist
from services.rooms.service import Rooms
from services.rooms.visits import Guest

REFUSALS: Statuses = {
    NotFound: 404,
    RoomClosed: 410,
    RoomBanned: 403,
    RoomPrivate: 403,
    RoomLocked: 403,
    RoomFull: 409,
    NoRoom: 409,
    InviteUsed: 410,
    RoomQuota: 409,
    NotHost: 403,
    Self: 409,
    SystemRoom: 409,
    NotSeated: 403,
    NoSeat: 409,
    Muted: 403,
    VoiceOff: 503,
    SeatGone: 410,
}
NO_SEAT = (NotFound, RoomFull, RoomPrivate, RoomLocked, RoomBanned, RoomClosed, SeatGone)
Clock = Callable[[], datetime]


def routes(rooms: Rooms, pool: Pool, clock: Clock) -> APIRouter:
    """`clock` is the wall clock, aware."""
    api = APIRouter(prefix="/v1/rooms", tags=["rooms"])

    @api.get("")
    async def list_rooms(
        me: Me, paging: Paging, theme: Theme | None = None, region: Region | None = None, sort: Sort = "newest"
    ) -> Page[RoomCard]:
        if sort == "busiest":
            rows = await queries.busiest(pool, theme, region, paging.after(tuple[int, UUID]), paging.fetch)
            return paging.page(rows, RoomCard.of, lambda row: (row["occupancy"], row["id"]))
        rows = await queries.newest(pool, theme, region, paging.after(tuple[datetime, UUID]), paging.fetch)
        return paging.page(rows, RoomCard.of, lambda row: (row["created_at"], row["id"]))

    @api.post("", status_code=201, responses=refuses(REFUSALS, RoomQuota, RoomClosed))
    async def create_room(body: NewRoom, me: Me, once: MaybeOnce) -> RoomCard:
        room_id = await rooms.hosting.create(me.user_id, body.plan(), clock(), once)
        return RoomCard.of(await queries.room(pool, room_id))

    @api.get("/{room_id}", responses=refuses(REFUSALS, NotFound, RoomClosed))
    async def get_room(room_id: UUID, me: Me) -> RoomCard:
        return RoomCard.of(await queries.room(pool, room_id))

    @api.patch("/{room_id}", responses=refuses(REFUSALS, NotFound, NotHost, SystemRoom, RoomClosed))
    async def change_room(room_id: UUID, body: RoomChange, me: Me) -> RoomCard:
        await rooms.hosting.update(room_id, me.user_id, clock(), **body.model_dump(), moderator=is_moderator(me))
        return RoomCard.of(await queries.room(pool, room_id))

    @api.delete("/{room_id}", status_code=204, responses=refuses(REFUSALS, NotFound, NotHost, SystemRoom))
    async def close_room(room_id: UUID, me: Me) -> None:
        await rooms.hosting.close(room_id, me.user_id, clock(), moderator=is_moderator(me))

    @api.get("/{room_id}/members", responses=refuses(REFUSALS, NotFound, NotSeated, RoomClosed))
    async def list_members(room_id: UUID, me: Me, paging: Paging) -> Page[Member]:
        rows = await queries.members(pool, room_id, me.user_id, paging.after(tuple[datetime, UUID]), paging.fetch)
        page = paging.page(rows, Member.of, lambda row: (row["joined_at"], row["user_id"]))
        shown = await shown_to(pool, me.user_id, [row["user_id"] for row in rows], Surface.MEMBER_LIST)
        page.items = [member for member in page.items if member.user_id in shown]
        return page

    @api.post("/{room_id}/join", responses=no_seat())
    async def join_room(room_id: UUID, body: JoinRoom, me: Me, once: MaybeOnce, response: Response) -> TicketAnswer:
        with node_needed():
            ticket = await rooms.visits.hold(guest_of(me, body.device_type), room_id, clock(), once)
        return TicketAnswer.of(shown_once(ticket, response))

    @api.post("/{room_id}/ticket", responses=refuses(REFUSALS, RoomBanned, SeatGone, RoomClosed))
    async def new_ticket(room_id: UUID, me: Me, response: Response) -> TicketAnswer:
        with node_needed():
            asked = (me.user_id, me.session_id, room_id, clock())
            ticket = await rooms.visits.ticket(*asked, moderator=is_moderator(me))
        return TicketAnswer.of(shown_once(ticket, response))

    @api.post("/{room_id}/leave", status_code=204)
    async def leave_room(room_id: UUID, me: Me) -> None:
        await rooms.visits.leave_room(me.user_id, room_id, clock())

    return api


def no_seat(*more: type[Refused]) -> dict[int | str, dict[str, Any]]:
    """How a way to a seat may be refused; where the room is full, with a place in its line."""
    return besides(refuses(REFUSALS, *NO_SEAT, *more), REFUSALS[RoomFull], waitlist=Waitlist)


def is_moderator(me: Caller) -> bool:
    return "moderator" in me.roles


def guest_of(me: Caller, device_type: DeviceType, join_source: JoinSource = "direct") -> Guest:
    """Whoever asks for a seat; by which way is ours to know."""
    return Guest(me.user_id, me.session_id, me.signed_in_at, device_type, join_source, is_moderator(me))


def shown_once(ticket: Ticket, response: Response) -> Ticket:
    response.headers["cache-control"] = "no-store"
    return ticket


@contextmanager
def node_needed() -> Iterator[None]:
    try:
        yield
    except NoNode:
        raise Unavailable("No room server is up in this region. Try again soon.", retry_after=2) from None
