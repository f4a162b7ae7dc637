"""Friends, blocks and mutes as lists, newest first. `$2, $3` are the last one seen, `$4` how many."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from libs.eventstore.db import Pool, Record
from libs.safety.relation import GOOD, Standing
from libs.safety.rule import can_interact
from libs.safety.surface import Surface
from services.social.deciders.refusals import NotFound
from services.social.relations import relations_of

Status = Literal["pending", "accepted"]
Seen = tuple[datetime, UUID]
"""When it began, and with whom: of the last one seen."""

# A page of each side is enough for a page of both. `incoming`: the other asked.
MINE = """
select friend_user_id as user_id, status, created_at, false as incoming from friendships
where user_id = $1 {and_status}
  and (created_at, friend_user_id) < (coalesce($2::timestamptz, 'infinity'), $3::uuid)
order by created_at desc, friend_user_id desc limit $4
"""
ASKING = """
select user_id, status, created_at, true as incoming from friendships
where friend_user_id = $1 and status = 'pending'
  and (created_at, user_id) < (coalesce($2::timestamptz, 'infinity'), $3::uuid)
order by created_at desc, user_id desc limit $4
"""
BOTH = "({mine}) union all ({asking}) order by created_at desc, user_id desc limit $4"
FRIENDS: Final[Mapping[Status | None, str]] = {
    "accepted": MINE.format(and_status="and status = 'accepted'"),
    "pending": BOTH.format(mine=MINE.format(and_status="and status = 'pending'"), asking=ASKING),
    None: BOTH.format(mine=MINE.format(and_status=""), asking=ASKING),
}
FRIENDSHIP = """
select status, created_at, friend_user_id = $1 as incoming from friendships
where (user_id, friend_user_id) in (($1, $2), ($2, $1)) order by incoming limit 1
"""
MUTUAL = """
select count(*) from friendships a join friendships b using (friend_user_id)
where a.user_id = $1 and b.user_id = $2 and a.status = 'accepted' and b.status = 'accepted'
"""
SHOWN = """
select privacy_level, coalesce(suspended, false) as suspended from profiles left join standings using (user_id)
where user_id = $1
"""
BLOCKS = """
select blocked_user_id as user_id, created_at from blocks
where blocker_user_id = $1 and (created_at, blocked_user_id) < (coalesce($2::timestamptz, 'infinity'), $3::uuid)
order by created_at desc, blocked_user_id desc limit $4
"""
MUTES = """
select muted_user_id as user_id, created_at from mutes
where muter_user_id = $1 and (created_at, muted_user_id) < (coalesce($2::timestamptz, 'infinity'), $3::uuid)
order by created_at desc, muted_user_id desc limit $4
"""

FIRST_PAGE: Final = (None, None)


async def friends(pool: Pool, user: UUID, status: Status | None, after: Seen | None, limit: int) -> list[Record]:
    """user_id, status, created_at, incoming. Both who asked and who was asked where it is pending."""
    return await pool.fetch(FRIENDS[status], user, *(after or FIRST_PAGE), limit)


async def friendship(pool: Pool, user: UUID, other: UUID) -> tuple[Record | None, int | None]:
    """status, created_at, incoming, or None where nobody has asked; and how many friends they share.

    None where the other keeps that to themselves. Raises NotFound for whoever is not there, for this person.
    """
    found = await pool.fetchrow(SHOWN, other)
    if found is None or user == other:
        raise NotFound
    shown = Standing(barred=found["suspended"], limited=found["privacy_level"] == "limited")
    relation = (await relations_of(pool, user, [other]))[other].turned()  # the other is shown
    if not can_interact(shown, GOOD, Surface.CARD, relation):
        raise NotFound
    row = await pool.fetchrow(FRIENDSHIP, user, other)
    if not can_interact(shown, GOOD, Surface.CARD_DETAILS, relation):
        return row, None
    return row, await pool.fetchval(MUTUAL, user, other)


async def blocks(pool: Pool, user: UUID, after: Seen | None, limit: int) -> list[Record]:
    """Whom this person has blocked: user_id, created_at."""
    return await pool.fetch(BLOCKS, user, *(after or FIRST_PAGE), limit)


async def mutes(pool: Pool, user: UUID, after: Seen | None, limit: int) -> list[Record]:
    """Whom this person has muted: user_id, created_at."""
    return await pool.fetch(MUTES, user, *(after or FIRST_PAGE), limit)
