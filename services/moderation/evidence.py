"""What is handed in with reports: pictures, sealed, in an object store, each under a key of its own.

An object's name is the SHA-256 of what is stored, so that whoever holds the bytes can tell that they are the ones. The
key is the evidence's: it does not end with whoever handed it in, so that nobody can shred it by leaving.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

import obstore
from cryptography.exceptions import InvalidTag
from obstore.exceptions import BaseError, NotFoundError

from libs.chassis.problems import RateLimited, TooLarge, Unavailable
from libs.eventstore.db import Db, Pool, Record
from libs.eventstore.gone import must_be_here
from libs.eventstore.keys import KeyRing
from libs.evidence.shelf import opened
from services.moderation import audit
from services.moderation.audit import Entry
from services.moderation.deciders.refusals import NotFound
from services.moderation.images import MEDIA_TYPE, rewritten
from services.moderation.settings import ModerationSettings

REPORTER = "insert into reporter_guards (user_id) values ($1) on conflict do nothing"
LOCK_REPORTER = "select user_id from reporter_guards where user_id = $1 for update"
WAITING = "select count(*) from evidence where uploaded_by = $1 and report_id is null"
KEEP = """
insert into evidence (evidence_id, uploaded_by, object, media_type, bytes, uploaded_at) values ($1, $2, $3, $4, $5, $6)
"""
OF_REPORT = """
select e.evidence_id, e.object, e.media_type, r.reported_user_id from evidence e join reports r on r.id = e.report_id
where e.report_id = $1
"""
# Skips what somebody is just attaching to a report.
FORSAKEN = """
delete from evidence where evidence_id in (
  select evidence_id from evidence where report_id is null and uploaded_at < $1 limit 100 for update skip locked
) returning evidence_id, object
"""
OF_UPLOADER = "delete from evidence where uploaded_by = $1 and report_id is null returning evidence_id, object"
OF_CASE = "delete from evidence where report_id = $1 returning evidence_id, object"
LATER = 3600  # seconds: who has so many pictures waiting should file a report first


@dataclass(frozen=True, slots=True)
class Picture:
    media_type: str
    data: bytes


class Evidence:
    """`settings.evidence_url` is a folder (`file:///…`), or a bucket."""

    def __init__(self, pool: Pool, keys: KeyRing, settings: ModerationSettings) -> None:
        self._pool = pool
        self._keys = keys
        self._settings = settings
        self._objects = opened(settings.evidence_url)
        self._one_at_a_time = asyncio.Semaphore(2)  # decoding takes memory by the pixel

    async def hand_in(self, by: UUID, raw: bytes, at: datetime) -> UUID:
        """Keep a picture until a report takes it up. Raises TooLarge, UnsupportedMediaType, RateLimited."""
        if len(raw) > self._settings.evidence_bytes:
            raise TooLarge
        async with self._one_at_a_time:
            picture = await asyncio.to_thread(rewritten, raw, pixels=self._settings.evidence_pixels)
        evidence_id = uuid4()
        key = await self._keys.obtain(evidence_id)
        assert key is not None, "a new id's key has never been destroyed"
        sealed = key.seal(picture, evidence_id.bytes)
        name = f"evidence/{sha256(sealed).hexdigest()}"
        async with self._pool.acquire() as db, db.transaction():
            await must_be_here(db, by)
            await db.execute(REPORTER, by)
            await db.fetchrow(LOCK_REPORTER, by)
            if await db.fetchval(WAITING, by) >= self._settings.limit_evidence:
                raise RateLimited("File a report with the pictures you have handed in.", retry_after=LATER)
            await db.execute(KEEP, evidence_id, by, name, MEDIA_TYPE, len(picture), at)
        # after its row, by which it is found again and deleted should nobody come back for it
        try:
            await obstore.put_async(self._objects, name, sealed)
        except BaseError:
            raise Unavailable from None
        return evidence_id

    async def view(self, report_id: UUID, by: UUID, at: datetime) -> Picture:
        """The picture of a report, and an entry in the audit log. Raises NotFound, also where it is no longer whole."""
        async with self._pool.acquire() as db, db.transaction():
            row = await db.fetchrow(OF_REPORT, report_id)
            if row is None or row["reported_user_id"] == by:
                raise NotFound
            await audit.enter(db, at, Entry("evidence_view", by, report_id, row["reported_user_id"]))
        key = await self._keys.find(row["evidence_id"])
        if key is None:
            raise NotFound
        try:
            sealed = bytes(await (await obstore.get_async(self._objects, row["object"])).bytes_async())
            return Picture(row["media_type"], key.open(sealed, row["evidence_id"].bytes))
        except (NotFoundError, FileNotFoundError, InvalidTag):
            raise NotFound from None
        except BaseError:
            raise Unavailable from None

    async def tidy(self, before: datetime) -> None:
        """Delete what was handed in before then and belongs to no report."""
        async with self._pool.acquire() as db, db.transaction():
            await self._delete(await db.fetch(FORSAKEN, before))

    async def forget_case(self, db: Db, report_id: UUID) -> None:
        """Delete what belongs to a case whose time is over."""
        await self._delete(await db.fetch(OF_CASE, report_id))

    async def forget(self, db: Db, user_id: UUID) -> None:
        """Delete what somebody handed in for no report. What belongs to a case is the case's."""
        await self._delete(await db.fetch(OF_UPLOADER, user_id))

    async def _delete(self, rows: list[Record]) -> None:
        for row in rows:
            await self._keys.destroy(row["evidence_id"])
            try:
                await obstore.delete_async(self._objects, row["object"])
            except (NotFoundError, FileNotFoundError):
                continue  # it never got there, or is gone already
