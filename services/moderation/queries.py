"""SQL to rows."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from libs.eventstore.db import Pool, Record
from services.moderation.deciders.refusals import NotFound

Status = Literal["open", "reviewing", "resolved"]
Sort = Literal["priority", "oldest", "newest"]

MINE = """
select id, reported_user_id, room_id, report_type, description, status, created_at from reports
where reporter_user_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3))
order by created_at desc, id desc limit $4
"""
# How grave the gravest of them is, then how many different people say so. More than five people weigh no more than
# five, so that a crowd that agreed to cannot push somebody to the top, and one person's reports count once.
QUEUE = """
with people as (
  select reported_user_id as user_id, count(*) as reports, count(distinct reporter_user_id) as reporters,
    min(created_at) as oldest_at, max(created_at) as newest_at,
    array_agg(distinct report_type order by report_type) as report_types,
    (max(case report_type when 'hate' then 40 when 'harassment' then 30 when 'spam' then 10 else 20 end)
      + 5 * least(count(distinct reporter_user_id), 5))::int as priority
  from reports where status = any($1) and reported_user_id <> $3 group by reported_user_id
)
select p.*, (
  select jsonb_agg(jsonb_build_object('id', r.id, 'report_type', r.report_type, 'room_id', r.room_id,
    'status', r.status, 'created_at', r.created_at, 'claimed_by', c.claimed_by, 'claimed_until', c.claimed_until)
    order by r.created_at, r.id)
  from (
    select * from reports r where r.reported_user_id = p.user_id and r.status = any($1)
    order by r.created_at, r.id limit 20
  ) r join cases c on c.report_id = r.id
) as cases
from people p where {after} order by {order} limit $2
"""
BY: Final[dict[Sort, str]] = {
    "priority": QUEUE.format(
        after="$4::int is null or (-priority, oldest_at, user_id) > (-$4, $5::timestamptz, $6::uuid)",
        order="priority desc, oldest_at, user_id",
    ),
    "oldest": QUEUE.format(
        after="$4::timestamptz is null or (oldest_at, user_id) > ($4, $5::uuid)", order="oldest_at, user_id"
    ),
    "newest": QUEUE.format(
        after="$4::timestamptz is null or (newest_at, user_id) < ($4, $5::uuid)",
        order="newest_at desc, user_id desc",
    ),
}
SANCTIONS_OF = """
select * from sanctions
where user_id = $1 and ($2::timestamptz is null or (imposed_at, id) < ($2, $3))
order by imposed_at desc, id desc limit $4
"""
# What the house has told them of: nothing that is still waiting for a second moderator, or never got one.
TOLD = """
select s.*, a.id as appeal_id, a.state as appeal_state, a.statement as answer
from sanctions s left join appeals a on a.sanction_id = s.id
where s.user_id = $1 and not (s.state = 'needs_second_approver' or
    (s.state = 'withdrawn' and s.kind = 'ban' and s.until is null and s.approved_by_user_id is null))
  and ($2::timestamptz is null or (s.imposed_at, s.id) < ($2, $3))
order by s.imposed_at desc, s.id desc limit $4
"""
PERSON = """
select p.registered, p.deleted,
  array(select role from roles where user_id = $1 and held order by role) as roles,
  (select count(*) from reports where reported_user_id = $1) as reports,
  (select count(distinct reporter_user_id) from reports where reported_user_id = $1) as reporters,
  (select count(*) from reports where reported_user_id = $1 and status <> 'resolved') as unresolved,
  (select count(*) from reports where reporter_user_id = $1) as filed,
  (select count(*) from reports r join cases c on c.report_id = r.id
   where r.reporter_user_id = $1 and c.outcome = 'sanctioned') as filed_and_sanctioned
from people p where p.user_id = $1
"""
AUDIT = """
select seq, hash, entry_id, at, by_user_id, action, object_id, about_user_id, detail from audit
where seq is not null and ($1::bigint is null or seq < $1) and ($2::uuid is null or about_user_id = $2)
order by seq desc limit $3
"""

FIRST_PAGE: Final = (None, None)
Place = tuple[datetime, UUID]
Priority = tuple[int, datetime, UUID]


async def mine(pool: Pool, reporter: UUID, after: Place | None, limit: int) -> list[Record]:
    """What somebody has reported, newest first; `after` is (created_at, id) of the last one seen."""
    return await pool.fetch(MINE, reporter, *(after or FIRST_PAGE), limit)


async def queue(
    pool: Pool, asking: UUID, statuses: list[Status], sort: Sort, after: Priority | Place | None, limit: int
) -> list[Record]:
    """People with reports against them, but who is asking, and their first twenty `cases`.

    `after` is the sort key of the last one seen.
    """
    first: tuple[None, ...] = (None, None, None) if sort == "priority" else FIRST_PAGE
    return await pool.fetch(BY[sort], statuses, limit, asking, *(after or first))


async def sanctions_of(pool: Pool, user_id: UUID, after: Place | None, limit: int) -> list[Record]:
    """Newest first; `after` is (imposed_at, id) of the last one seen."""
    return await pool.fetch(SANCTIONS_OF, user_id, *(after or FIRST_PAGE), limit)


async def told_of(pool: Pool, user_id: UUID, after: Place | None, limit: int) -> list[Record]:
    """The sanctions a person knows of, newest first; `after` is (imposed_at, id) of the last one seen."""
    return await pool.fetch(TOLD, user_id, *(after or FIRST_PAGE), limit)


async def person(pool: Pool, user_id: UUID) -> Record:
    """Roles, and counts of reports by and about them. Raises NotFound."""
    if found := await pool.fetchrow(PERSON, user_id):
        return found
    raise NotFound


async def audited(pool: Pool, about: UUID | None, after: tuple[int, ...] | None, limit: int) -> list[Record]:
    """Chained entries, newest first; `after` is (seq,) of the last one seen."""
    return await pool.fetch(AUDIT, after and after[0], about, limit)
