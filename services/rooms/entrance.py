"""Where a socket is let in: a ticket is consumed, a visit begins, a resume token is good for the next time."""

from datetime import datetime
from uuid import UUID

from libs.eventstore.db import Db, Pool, Record
from libs.eventstore.store import Store, Unit
from services.rooms.belongings import EMOTES
from services.rooms.deciders.refusals import SeatGone
from services.rooms.deciders.visitor import VISITOR, Enter, Seated, visitor_stream
from services.rooms.guards import lock
from services.rooms.guests import VERSION
from services.rooms.looks import MAYBE_BARRED, STREAM
from services.rooms.node_door import BadTicket, Barred, NotOwner
from services.rooms.ports import Entered
from services.rooms.sanctions import barring
from services.rooms.tickets import Token

COLUMNS = f"""
s.user_id, s.room_id, s.session_id, s.issued_at, s.device_type, s.moderator, s.held_at, {VERSION} as profile_version,
{EMOTES} as emotes
"""
SEAT = f"select {COLUMNS}, s.last_heartbeat from seats s where s.visit_id = $1"  # noqa: S608 - names of our own
VISITED = "select exists (select from room_memberships where id = $1)"
# A held seat's ticket runs out with the hold, which is the decider's to say. The seat is seen as it was before.
HELLO = f"""
with consumed as (update seats set
  ticket_hash = null, ticket_expires_at = null, resume_hash = $6, resume_prev_hash = null,
  last_heartbeat = greatest(last_heartbeat, $5)
where visit_id = $1 and ticket_hash = $2 and node = $3 and fence = $4 and (state = 'held' or ticket_expires_at > $5)
returning true)
select {COLUMNS}, s.last_heartbeat, {STREAM}, {MAYBE_BARRED.format(user="s.user_id")},
  exists (select from consumed) as consumed
from seats s left join streams st on st.stream_id = 'visitor-' || s.user_id
where s.visit_id = $1
"""  # noqa: S608 - names of our own
RESUME = f"""
update seats s set resume_hash = $6, resume_prev_hash = $2, node = $3, fence = $4,
  last_heartbeat = greatest(s.last_heartbeat, $5)
from room_guards g
where s.visit_id = $1 and s.state = 'seated' and $2 in (s.resume_hash, s.resume_prev_hash)
  and g.room_id = s.room_id and g.room_id = $7 and g.is_open and g.owner_node = $3 and g.fence = $4
returning {COLUMNS}
"""  # noqa: S608 - names of our own
GUARD = "select coalesce(owner_node = $2 and fence = $3, false) as owned, is_open from room_guards where room_id = $1"
CONFIRM = "update seats set resume_prev_hash = null where visit_id = $1 and resume_hash = $2"


class Entrance:
    """`node_id` and `fence` say who asks; the room's guard row says whether that is still its owner."""

    def __init__(self, store: Store, pool: Pool) -> None:
        self._store = store
        self._pool = pool

    async def enter(self, ticket: str, room_id: UUID, node_id: str, fence: int, at: datetime) -> Entered:
        """Consume a ticket: the held seat becomes a visit, a seated one gets a new socket.

        Raises BadTicket, SeatGone (the held seat has been given back), Barred, NotOwner.
        """
        shown = Token.read(ticket)
        if shown is None:
            raise BadTicket
        resume = Token.mint(shown.visit_id)

        async def work(unit: Unit) -> Entered | None:
            guard = (await lock(unit, [room_id])).get(room_id)
            seat = await unit.db.fetchrow(HELLO, shown.visit_id, shown.digest, node_id, fence, at, resume.digest)
            if guard is None or seat is None or seat["room_id"] != room_id:
                await _seat(unit.db, shown.visit_id, room_id)
                raise BadTicket
            if not guard.owned_by(node_id, fence):
                raise NotOwner
            if seat["maybe_barred"]:
                await _let_in(unit.db, seat["user_id"], room_id, at)
            if not seat["consumed"]:
                raise BadTicket
            stream = await unit.read(VISITOR, visitor_stream(seat["user_id"]), seat)
            events = VISITOR.decide(stream.state, Enter(shown.visit_id, guard.room, at, seat["last_heartbeat"]))
            stream = await unit.append(VISITOR, stream, events)
            if not isinstance(stream.state, Seated):
                return None  # committed: the seat is free again
            return _entered(shown.visit_id, seat, resume, joined=bool(events))

        if entered := await self._store.run(work, at=at):
            return entered
        raise SeatGone

    async def resume(self, token: str, room_id: UUID, node_id: str, fence: int, at: datetime) -> Entered:
        """Back on a new socket, the room's owner being the same. The token rotates; see `confirm`.

        Raises BadTicket, SeatGone, Barred, NotOwner.
        """
        shown = Token.read(token)
        if shown is None:
            raise BadTicket
        following = Token.mint(shown.visit_id)
        seat = await self._pool.fetchrow(
            RESUME, shown.visit_id, shown.digest, node_id, fence, at, following.digest, room_id
        )
        if seat is None:
            await self._why_not(shown, room_id, node_id, fence)
            raise BadTicket
        await _let_in(self._pool, seat["user_id"], room_id, at)
        return _entered(shown.visit_id, seat, following, joined=False)

    async def confirm(self, visit_id: UUID, token: str) -> None:
        """The client has spoken on the new socket, so it knows `token`: the one before opens nothing any more."""
        if known := Token.read(token):
            await self._pool.execute(CONFIRM, visit_id, known.digest)

    async def _why_not(self, shown: Token, room_id: UUID, node_id: str, fence: int) -> None:
        await _seat(self._pool, shown.visit_id, room_id)
        guard = await self._pool.fetchrow(GUARD, room_id, node_id, fence)
        if guard is None or not guard["is_open"]:
            raise SeatGone
        if not guard["owned"]:
            raise NotOwner


async def _let_in(db: "Db | Pool", user_id: UUID, room_id: UUID, at: datetime) -> None:
    if sanction := await barring(db, user_id, room_id, at):
        raise Barred(everywhere=sanction.room_id is None)


async def _seat(db: "Db | Pool", visit_id: UUID, room_id: UUID) -> Record:
    """The visit's seat in this room. Raises SeatGone for a visit that was and is over, else BadTicket."""
    seat = await db.fetchrow(SEAT, visit_id)
    if seat is None:
        raise SeatGone if await db.fetchval(VISITED, visit_id) else BadTicket
    if seat["room_id"] != room_id:
        raise BadTicket
    return seat


def _entered(visit_id: UUID, seat: Record, resume: Token, *, joined: bool) -> Entered:
    return Entered(
        visit_id=visit_id,
        user_id=seat["user_id"],
        room_id=seat["room_id"],
        session_id=seat["session_id"],
        issued_at=seat["issued_at"],
        device_type=seat["device_type"],
        moderator=seat["moderator"],
        profile_version=seat["profile_version"],
        emotes=seat["emotes"],
        resume_token=resume.text,
        joined=joined,
        held_at=seat["held_at"],
    )
