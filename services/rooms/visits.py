"""A visit as its visitor's own requests begin it, and as anything at all may end it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from libs.contracts.vocabulary import DeviceType, JoinSource, LeaveReason
from libs.eventstore import gone
from libs.eventstore.db import Pool, Record
from libs.eventstore.errors import Conflict
from libs.eventstore.gone import PersonErased
from libs.eventstore.store import Answer, Once, Store, Unit
from services.rooms.deciders.refusals import NotFound, RoomBanned, RoomClosed, RoomFull, SeatGone
from services.rooms.deciders.visitor import VISITOR, Away, Hold, Leave, room_of, visitor_stream
from services.rooms.endings import SEAT_OF, end, end_visit, revoke
from services.rooms.guards import guard_of, lock
from services.rooms.looks import AT_THE_DOOR, COMING
from services.rooms.placement import Place, place
from services.rooms.ports import Ticket
from services.rooms.sanctions import barring
from services.rooms.settings import RoomsSettings
from services.rooms.tickets import Token
from services.rooms.waitlist import STEP_OUT, Waitlist, step_out

__all__ = ["SEAT_OF", "Fresh", "Guest", "Visits", "end", "revoke", "seated"]

WALK_OUT = f"with line as ({STEP_OUT}) {SEAT_OF}"
TICKET = """
update seats set ticket_hash = $2, node = $3, fence = $4, moderator = $7,
  ticket_expires_at = case state when 'held' then expires_at else $6 end
where visit_id = $1 and (state = 'seated' or expires_at > $5) returning room_id, ticket_expires_at
"""


@dataclass(frozen=True, slots=True)
class Guest:
    """Who asks for a seat, by which login."""

    user_id: UUID
    session_id: UUID
    issued_at: datetime  # of the access token
    device_type: DeviceType
    join_source: JoinSource = "direct"
    moderator: bool = False


@dataclass(frozen=True, slots=True)
class Fresh:
    """The ids of what may come of a request, the same however often its transaction is run."""

    visit_id: UUID = field(default_factory=uuid4)
    night_id: UUID = field(default_factory=uuid4)


class Visits:
    """Every change of a visit first locks the guard of the room it is in, and of the room it goes to."""

    def __init__(self, store: Store, pool: Pool, settings: RoomsSettings, waitlist: Waitlist | None = None) -> None:
        self._store = store
        self._pool = pool
        self._settings = settings
        self._waitlist = waitlist or Waitlist(settings)

    async def hold(
        self, guest: Guest, room_id: UUID, at: datetime, once: Once | None = None, *, wait: bool = True
    ) -> Ticket:
        """Keep a seat, giving up any other; the same visit with a new ticket where this login has one in this room.

        Where the room is full they stand in its line from now on, if they would `wait`.
        Raises NotFound, RoomClosed, RoomBanned, RoomPrivate, RoomFull; SeatGone where `once` was answered with a visit
        that is over by now; NoNode, with no seat taken.
        """
        fresh = Fresh()

        async def work(unit: Unit) -> Ticket | RoomFull:
            if once and (before := await unit.once(once)):
                return await self.again(unit, guest, UUID(before.resource))
            ticket = await self.keep(unit, guest, room_id, fresh, wait=wait)
            if once and isinstance(ticket, Ticket):
                await unit.answer(Answer(200, str(ticket.visit_id)))
            return ticket

        return seated(await self._store.run(work, at=at))

    async def keep(
        self, unit: Unit, guest: Guest, room_id: UUID, fresh: Fresh, *, invite_id: UUID | None = None, wait: bool = True
    ) -> Ticket | RoomFull:
        """The door itself, as part of a transaction that has locked no room so far. See `hold`.

        A RoomFull is returned, not raised: the place in the line is to be committed.
        """
        stays = (guest.user_id, gone.LOCKS, gone.bucket_of(guest.user_id))
        rows = await unit.guard(COMING, [room_id], *stays)
        guards = {row["room_id"]: guard_of(row) for row in rows}
        if room_id not in guards:
            raise NotFound
        stream_id = visitor_stream(guest.user_id)
        seen = await unit.db.fetchrow(AT_THE_DOOR, guest.user_id, stream_id, room_id, unit.at)
        assert seen is not None
        if seen["gone"]:
            raise PersonErased
        stream = await unit.read(VISITOR, stream_id, seen)
        if (room_of(stream.state) or room_id) not in guards:
            raise Conflict(stream.stream_id)  # moved between the look and the lock
        command = Hold(
            user_id=guest.user_id,
            room=guards[room_id].room,
            visit_id=fresh.visit_id,
            night_id=fresh.night_id,
            session_id=guest.session_id,
            issued_at=guest.issued_at,
            device_type=guest.device_type,
            join_source=guest.join_source,
            at=unit.at,
            expires_at=unit.at + self._settings.hold,
            night_gap=self._settings.night_gap,
            barred=await self._barred(unit, guest, room_id, seen),
            moderator=guest.moderator,
            invite_id=invite_id,
            before=await self._waitlist.before(unit.db, guards[room_id], guest.user_id, unit.at),
        )
        try:
            events = VISITOR.decide(stream.state, command)
        except RoomFull:
            if not wait:
                raise
            asks = (unit.db, guards[room_id], guest.user_id, unit.at)
            return RoomFull(await self._waitlist.stand(*asks, invited=command.invited))
        if rows[0]["waits_for"]:
            await step_out(unit.db, guest.user_id)
        owner = await place(unit.db, guards[room_id])
        state = (await unit.append(VISITOR, stream, events)).state
        assert not isinstance(state, Away)
        return await self._mint(unit, state.seat.visit_id, owner, moderator=guest.moderator)

    async def repeat(self, guest: Guest, once: Once, at: datetime) -> Ticket | None:
        """What `once` was answered with before, if it was. Raises SeatGone where that visit is over."""

        async def work(unit: Unit) -> Ticket | None:
            before = await unit.once(once)
            return await self.again(unit, guest, UUID(before.resource)) if before else None

        return await self._store.run(work, at=at)

    async def again(self, unit: Unit, guest: Guest, visit_id: UUID) -> Ticket:
        """The answer to a request that was answered with this visit before. Raises SeatGone where it is over."""
        return await self._new_ticket(
            unit, guest.user_id, guest.session_id, visit_id=visit_id, moderator=guest.moderator
        )

    async def _barred(self, unit: Unit, guest: Guest, room_id: UUID, seen: Record) -> bool:
        if seen["maybe_barred"] and await barring(unit.db, guest.user_id, room_id, unit.at):
            return True
        return bool(seen["shown_out"]) and not guest.moderator

    async def ticket(
        self, user_id: UUID, session_id: UUID, room_id: UUID, at: datetime, *, moderator: bool = False
    ) -> Ticket:
        """A new ticket for the seat this login holds or took in this room, to wherever the room is now.

        Raises SeatGone, RoomBanned, RoomClosed, NoNode.
        """

        async def work(unit: Unit) -> Ticket:
            return await self._new_ticket(unit, user_id, session_id, room_id=room_id, moderator=moderator)

        return await self._store.run(work, at=at)

    async def leave_room(self, user_id: UUID, room_id: UUID, at: datetime) -> None:
        """Walk out, or out of its line. Nothing happens where the visitor is not in this room."""
        seat = await self._pool.fetchrow(WALK_OUT, user_id, room_id)
        if seat and seat["room_id"] == room_id:
            await self.leave(seat["visit_id"], "left", at)

    async def leave(
        self,
        visit_id: UUID,
        reason: LeaveReason,
        at: datetime,
        left_at: datetime | None = None,
        *,
        fence: int | None = None,
    ) -> bool:
        """End a visit, held or taken; False: it was over before. `left_at` is the last sign of life, else `at`.

        Raises NotOwner where `fence` is given and is no longer the room's.
        """

        async def work(unit: Unit) -> bool:
            return await end_visit(unit, visit_id, Leave(visit_id, reason, left_at or at), fence=fence)

        return await self._store.run(work, at=at)

    async def _new_ticket(
        self,
        unit: Unit,
        user_id: UUID,
        session_id: UUID,
        *,
        room_id: UUID | None = None,
        visit_id: UUID | None = None,
        moderator: bool,
    ) -> Ticket:
        seat = await unit.db.fetchrow(SEAT_OF, user_id)
        if seat is None or room_id not in (None, seat["room_id"]) or visit_id not in (None, seat["visit_id"]):
            raise SeatGone
        if seat["session_id"] != session_id:
            raise SeatGone  # for this login: nothing that ends it would end that seat
        guard = (await lock(unit, [seat["room_id"]]))[seat["room_id"]]
        if not guard.room.is_open:
            raise RoomClosed
        if await barring(unit.db, user_id, seat["room_id"], unit.at):
            raise RoomBanned
        return await self._mint(unit, seat["visit_id"], await place(unit.db, guard), moderator=moderator)

    async def _mint(self, unit: Unit, visit_id: UUID, owner: Place, *, moderator: bool) -> Ticket:
        token = Token.mint(visit_id)
        until = unit.at + self._settings.ticket
        seat = await unit.db.fetchrow(
            TICKET, visit_id, token.digest, owner.node_id, owner.fence, unit.at, until, moderator
        )
        if seat is None:
            raise SeatGone
        return Ticket(visit_id, seat["room_id"], token.text, owner.ws_url, seat["ticket_expires_at"])


def seated(kept: Ticket | RoomFull) -> Ticket:
    """Once it is committed. Raises RoomFull."""
    if isinstance(kept, RoomFull):
        raise kept
    return kept
