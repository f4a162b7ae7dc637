"""Who is gone, and the lock by which nobody writes about them while they go.

An erasure deletes the rows it sees, so a row that another transaction is just writing would stay. Whoever writes
something personal therefore looks here first, under a lock that erasures wait for: either the row is there to be
deleted, or the person is known to be gone and it is not written.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from libs.eventstore.db import Db
from libs.eventstore.decider import Refused
from libs.eventstore.keys import KeyRing

LOCKS: Final = 0x676F6E65  # the first of two keys, which no other advisory lock here has
BUCKETS: Final = 1024  # people share locks, so that a transaction about thousands does not fill the lock table

# Two statements, because a statement sees what was committed before it began to wait.
SHARE = "select pg_advisory_xact_lock_shared($1, bucket) from unnest($2::int[]) as bucket"
# In one order for all, and each lock at once as strong as it will have to be: no two of these wait for one another.
HOLD = """
select case when alone then pg_advisory_xact_lock($1, bucket) else pg_advisory_xact_lock_shared($1, bucket) end
from (select bucket, alone from unnest($2::int[], $3::bool[]) as asked (bucket, alone) order by bucket) as ordered
"""
TAKE = "select pg_advisory_xact_lock($1, $2)"
LOOK = "select subject from erased where subject = any($1::uuid[])"
ENTER = "insert into erased (subject) values ($1) on conflict do nothing"
FORGET_ANSWERS = "delete from idempotency where user_id = $1"


class PersonErased(Refused):
    """This person has been erased."""


async def erased_among(db: Db, subjects: Iterable[UUID]) -> set[UUID]:
    """Which of these are gone. The others stay until this transaction ends: their erasure waits for it.

    Two round trips. Comes before guards and appends, as the lock does in an erasure.
    """
    asked = set(subjects)
    await db.execute(SHARE, LOCKS, sorted({bucket_of(each) for each in asked}))
    return {row["subject"] for row in await db.fetch(LOOK, list(asked))}


async def is_erased(db: Db, subject: UUID) -> bool:
    """See `erased_among`."""
    return bool(await erased_among(db, [subject]))


async def must_be_here(db: Db, *subjects: UUID) -> None:
    """Raises PersonErased where one of them is gone. See `erased_among`."""
    if await erased_among(db, subjects):
        raise PersonErased


async def hold(db: Db, leaving: Iterable[UUID], others: Iterable[UUID]) -> None:
    """For a transaction about many: every lock that its calls of `enter` (those leaving) and `erased_among` will take.

    One round trip, before the first of them. Taken one by one, in the order of a batch, two batches may each hold what
    the other waits for, be it the same lock that both want for themselves.
    """
    alone = {bucket_of(each) for each in leaving}
    asked = sorted(alone | {bucket_of(each) for each in others})
    if asked:
        await db.execute(HOLD, LOCKS, asked, [bucket in alone for bucket in asked])


async def enter(db: Db, subject: UUID) -> None:
    """Let those who are writing about this person finish, and nobody after them. Repeatable."""
    await db.execute(TAKE, LOCKS, bucket_of(subject))
    await db.execute(ENTER, subject)


async def erase(db: Db, keys: KeyRing, subject: UUID) -> None:
    """Enter them, and forget what the store knows. In a transaction; repeatable: if it fails, again.

    The key goes at once and for itself, because no transaction spans both databases: should this one be rolled back,
    the person is as good as erased and the next attempt finds less to do. Personal fields of the subject's events
    read as None from here on (elsewhere within `KeyRing`'s ttl), in the store as in a rebuild.
    """
    await enter(db, subject)
    await keys.destroy(subject)
    await db.execute(FORGET_ANSWERS, subject)


def bucket_of(subject: UUID) -> int:
    return subject.int % BUCKETS
