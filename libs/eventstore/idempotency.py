"""Idempotency-Key: a repeated request is answered as the first one was, and is not worked on twice at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4, uuid5

from libs.eventstore.db import Db
from libs.eventstore.errors import IdempotencyInFlight, IdempotencyMismatch
from libs.eventstore.gone import LOCKS, PersonErased, bucket_of

REQUESTS: Final = UUID("0b0f6b0a-1d0b-5c59-8f0e-3a6d1c0d7e21")  # the namespace of what requests make
# The shared lock is the one that erasures wait for; see gone.py.
CLAIM = """
select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as mine, pg_advisory_xact_lock_shared($2, $3)
"""
RECALL = """
select exists (select from erased where subject = $1) as erased, fingerprint, status, resource
from (select) as asked left join idempotency on user_id = $1 and key = $2
"""
REMEMBER = """
insert into idempotency (user_id, key, fingerprint, status, resource, recorded_at) values ($1, $2, $3, $4, $5, $6)
"""
FORGET_OLD = "delete from idempotency where recorded_at < $1"


@dataclass(frozen=True, slots=True)
class Once:
    """One user's request. The fingerprint is a digest of method, path and body."""

    user_id: UUID
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What it was answered with: the status, and the id of the resource the body is built from."""

    status: int
    resource: str | None = None


def resource_id(once: Once | None) -> UUID:
    """The id of what a request makes: the same for every repeat, also when its remembered answer is gone."""
    return uuid5(REQUESTS, f"{once.user_id} {once.fingerprint.hex()} {once.key}") if once else uuid4()


async def recall(db: Db, once: Once) -> Answer | None:
    """The first answer, None when this is the first time. Holds the key until the transaction ends.

    Raises IdempotencyInFlight, IdempotencyMismatch; PersonErased, or their key would be kept after all.
    """
    user_id = once.user_id
    if not await db.fetchval(CLAIM, f"{user_id} {once.key}", LOCKS, bucket_of(user_id)):
        raise IdempotencyInFlight
    row = await db.fetchrow(RECALL, user_id, once.key)
    if row is None or row["erased"]:
        raise PersonErased
    if row["fingerprint"] is None:
        return None
    if row["fingerprint"] != once.fingerprint:
        raise IdempotencyMismatch
    return Answer(row["status"], row["resource"])


async def remember(db: Db, once: Once, answer: Answer, at: datetime) -> None:
    await db.execute(REMEMBER, once.user_id, once.key, once.fingerprint, answer.status, answer.resource, at)


async def forget_old(db: Db, before: datetime) -> None:
    """Drop answers older than `before`: a key is good for as long as a client may retry."""
    await db.execute(FORGET_OLD, before)
