"""SQL to rows."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from libs.contracts.vocabulary import Region, Theme
from libs.eventstore.db import Pool, Record
from services.rooms.deciders.refusals import NotFound, NotSeated, RoomClosed

Sort = Literal["newest", "busiest"]

COLUMNS = """
select r.id, r.name, r.theme, r.is_private, r.capacity, r.region, r.created_by, r.created_at, g.occupied as occupancy,
  g.is_locked
"""
ROOM = COLUMNS + ", g.is_open from rooms r join room_guards g on g.room_id = r.id where r.id = $1"
OPEN = (
    COLUMNS
    + """
from rooms r join room_guards g on g.room_id = r.id
where g.is_open and not r.is_private
  and ($1::text is null or r.theme = $1) and ($2::text is null or r.region = $2)
"""
)
NEWEST = OPEN + (
    "and ($3::timestamptz is null or (r.created_at, r.id) < ($3, $4)) order by r.created_at desc, r.id desc limit $5"
)
BUSIEST = OPEN + (
    "and ($3::bigint is null or (g.occupied, r.id) < ($3, $4)) order by g.occupied desc, r.id desc limit $5"
)
SEATED_THERE = "select exists (select from seats where user_id = $1 and room_id = $2 and state = 'seated')"
MEMBERS = """
select user_id, joined_at from seats
where room_id = $1 and state = 'seated' and ($2::timestamptz is null or (joined_at, user_id) > ($2, $3))
order by joined_at, user_id limit $4
"""

FIRST_PAGE: Final = (None, None)
Newest = tuple[datetime, UUID]
Busiest = tuple[int, UUID]


async def room(pool: Pool, room_id: UUID) -> Record:
    """The specification's columns and `occupancy`, holds counted. Raises NotFound, RoomClosed."""
    found = await pool.fetchrow(ROOM, room_id)
    if found is None:
        raise NotFound
    if not found["is_open"]:
        raise RoomClosed
    return found


async def newest(
    pool: Pool, theme: Theme | None, region: Region | None, after: Newest | None, limit: int
) -> list[Record]:
    """Public open rooms; `after` is (created_at, id) of the last one seen."""
    return await pool.fetch(NEWEST, theme, region, *(after or FIRST_PAGE), limit)


async def busiest(
    pool: Pool, theme: Theme | None, region: Region | None, after: Busiest | None, limit: int
) -> list[Record]:
    """Public open rooms; `after` is (occupancy, id) of the last one seen."""
    return await pool.fetch(BUSIEST, theme, region, *(after or FIRST_PAGE), limit)


async def members(pool: Pool, room_id: UUID, asking: UUID, after: Newest | None, limit: int) -> list[Record]:
    """Who is seated there, for somebody seated there. `after` is (joined_at, user_id) of the last one seen.

    Raises NotFound, RoomClosed, NotSeated.
    """
    await room(pool, room_id)
    if not await pool.fetchval(SEATED_THERE, asking, room_id):
        raise NotSeated
    return await pool.fetch(MEMBERS, room_id, *(after or FIRST_PAGE), limit)
