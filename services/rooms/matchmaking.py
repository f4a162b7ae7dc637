"""A seat in the room that suits best, through the same guarded door as any other seat."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from libs.eventstore.db import Pool
from libs.eventstore.store import Once
from libs.safety.replica import hidden_from
from services.rooms.deciders.refusals import (
    NoRoom,
    NotFound,
    RoomBanned,
    RoomClosed,
    RoomFull,
    RoomLocked,
    RoomPrivate,
)
from services.rooms.placement import NoNode
from services.rooms.ports import Ticket
from services.rooms.scoring import Candidate, Match, Wish, best, score
from services.rooms.settings import RoomsSettings
from services.rooms.visits import Guest, Visits

LOOKED_AT: Final = 50  # rooms
TAKEN_MEANWHILE = (RoomFull, RoomClosed, RoomLocked, RoomPrivate, RoomBanned, NotFound, NoNode)

ABOUT_ME = "select locale, interests from guests where user_id = $1"
# Whoever waits in a room's line is as good as in it. A friend who keeps to themselves is not given away by a reason.
ROOMS = """
with friends as (
  select case when low = $1 then high else low end as user_id from pairs
  where (low = $1 or high = $1) and friends and not (low_blocks or high_blocks)
), there as (
  select s.room_id, count(*) as friends from friends f
  join seats s on s.user_id = f.user_id and s.state = 'seated'
  join guests k on k.user_id = f.user_id and k.privacy_level = 'public'
  group by s.room_id
), rooms as (
  select g.room_id, g.theme, g.region, g.capacity,
    g.occupied - (exists (select from seats s where s.user_id = $1 and s.room_id = g.room_id))::int
      + (case when g.line_until > {at} then (select count(*) from waiting w
          where w.room_id = g.room_id and w.asked_at > {at} - {patience}::interval and w.user_id <> $1)
        else 0 end)::int as occupied,
    coalesce(t.friends, 0) as friends
  from room_guards g left join there t on t.room_id = g.room_id
  where {which}
)
select room_id, theme, region, capacity, occupied, friends from rooms
"""
OPEN = ROOMS.format(
    at="$5::timestamptz",
    patience="$6",
    which="g.is_open and not g.is_private and not g.is_locked and g.occupied <= g.capacity",
) + (
    "where occupied < capacity order by (friends > 0) desc, coalesce(region = $2, false) desc, "
    "coalesce(theme = $3, false) desc, occupied desc, room_id limit $4"
)
ONE = ROOMS.format(at="$3::timestamptz", patience="$4", which="g.room_id = $2")
PEOPLE = """
select s.room_id, count(*) as people, count(*) filter (where k.locale = $2) as speakers,
  count(*) filter (where k.interests && $3::text[]) as kindred
from seats s join guests k on k.user_id = s.user_id
where s.room_id = any($1::uuid[]) and s.state = 'seated' and not s.user_id = any($4::uuid[])
group by s.room_id
"""
ROOM_OF = "select room_id from seats where visit_id = $1"


@dataclass(frozen=True, slots=True)
class Found:
    """A seat, and why there."""

    ticket: Ticket
    match: Match


class Matchmaking:
    """Looks without a lock, and knocks: where somebody else was faster, at the next best door."""

    def __init__(self, pool: Pool, visits: Visits, settings: RoomsSettings) -> None:
        self._pool = pool
        self._patience = settings.waitlist
        self._visits = visits

    async def join(self, guest: Guest, wish: Wish, at: datetime, once: Once | None = None) -> Found:
        """Keep a seat in the best room. Raises NoRoom; NoNode; SeatGone as `Visits.hold` does."""
        wish, interests = await self._completed(guest.user_id, wish)
        if once and (ticket := await self._visits.repeat(guest, once, at)):
            room_id = await self._pool.fetchval(ROOM_OF, ticket.visit_id)
            rows = await self._pool.fetch(ONE, guest.user_id, room_id, at, self._patience)
            (room,) = await self._peopled(guest.user_id, [Candidate(*row) for row in rows], wish, interests)
            return Found(ticket, score(room, wish))
        guest = replace(guest, join_source="matchmaking")
        rows = await self._pool.fetch(OPEN, guest.user_id, wish.region, wish.theme, LOOKED_AT, at, self._patience)
        rooms = await self._peopled(guest.user_id, [Candidate(*row) for row in rows], wish, interests)
        refused = []
        for match in best(rooms, wish):
            try:
                return Found(await self._visits.hold(guest, match.room_id, at, once, wait=False), match)
            except TAKEN_MEANWHILE as no:
                refused.append(no)
        if refused and all(isinstance(no, NoNode) for no in refused):
            raise NoNode
        raise NoRoom

    async def _completed(self, user: UUID, wish: Wish) -> tuple[Wish, Sequence[str]]:
        """What they did not say their profile does."""
        row = await self._pool.fetchrow(ABOUT_ME, user)
        if row is None:
            return wish, ()
        return replace(wish, language=wish.language or row["locale"]), row["interests"]

    async def _peopled(
        self, user: UUID, rooms: Sequence[Candidate], wish: Wish, interests: Sequence[str]
    ) -> list[Candidate]:
        nobody = {user, *await hidden_from(self._pool, user)}
        ids = [room.room_id for room in rooms]
        rows = await self._pool.fetch(PEOPLE, ids, wish.language, list(interests), list(nobody))
        counted = {row["room_id"]: tuple(row)[1:] for row in rows}
        return [_with(room, *counted.get(room.room_id, (0, 0, 0))) for room in rooms]


def _with(room: Candidate, people: int, speakers: int, kindred: int) -> Candidate:
    return replace(room, people=people, speakers=speakers, kindred=kindred)
