"""Reports as people file them."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from uuid import UUID

from libs.chassis.problems import RateLimited
from libs.contracts.vocabulary import ReportType
from libs.eventstore.db import Pool
from libs.eventstore.gone import erased_among, must_be_here
from libs.eventstore.idempotency import resource_id
from libs.eventstore.keys import KeyRing
from libs.eventstore.store import Answer, Once, Store, Unit
from libs.evidence.seal import address_of
from services.moderation.deciders.refusals import NotFound
from services.moderation.deciders.report import REPORT, Evidence, File, report_stream
from services.moderation.settings import ModerationSettings
from services.moderation.texts import Texts

REPORTER = "insert into reporter_guards (user_id) values ($1) on conflict do nothing"
LOCK_REPORTER = "select user_id from reporter_guards where user_id = any($1::uuid[]) order by user_id for update"
PENDING = """
select exists (
  select from reports where reporter_user_id = $1 and reported_user_id = $2 and room_id is not distinct from $3
    and status <> 'resolved'
)"""
# The one that has to leave the window before there is room for another.
IN_THE_WAY = """
select created_at from reports where reporter_user_id = $1 and created_at > $2
order by created_at desc offset $3 limit 1
"""
KNOWN = """
select exists (select from people where user_id = $1 and registered and not deleted)
  and ($2::uuid is null or exists (select from known_rooms where room_id = $2))
"""
LOCK_EVIDENCE = """
select evidence_id, object from evidence
where evidence_id = any($1::uuid[]) and uploaded_by = $2 and report_id is null order by evidence_id for update
"""
ATTACH = "update evidence set report_id = $2 where evidence_id = $1"
LOOK_AGAIN = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Complaint:
    """What somebody has to say about somebody."""

    reported: UUID
    report_type: ReportType
    room_id: UUID | None = None
    description: str | None = None
    evidence_id: UUID | None = None


class Filing:
    """A reporter's reports are filed one after another: what is counted, is counted under their guard."""

    def __init__(self, store: Store, pool: Pool, keys: KeyRing, texts: Texts, settings: ModerationSettings) -> None:
        self._store = store
        self._pool = pool
        self._keys = keys
        self._texts = texts
        self._settings = settings

    async def file(self, reporter: UUID, complaint: Complaint, at: datetime, once: Once | None = None) -> UUID:
        """The new report's id, or that of the first request with `once`.

        Raises Self, NotFound (a person, room or piece of evidence), ReportExists, RateLimited; PersonErased.
        """
        report_id = resource_id(once)
        told = await self._texts.seal(complaint.description, report_id, reporter, about=report_id)
        case = await self._keys.obtain(report_id)
        if reporter != complaint.reported:
            await self._heard_of(complaint)

        async def work(unit: Unit) -> UUID:
            if once and (before := await unit.once(once)):
                return UUID(before.resource)
            await must_be_here(unit.db, reporter)
            await unit.db.execute(REPORTER, reporter)
            await unit.guard(LOCK_REPORTER, [reporter])
            command = File(
                report_id=report_id,
                reporter=reporter,
                reported=complaint.reported,
                room_id=complaint.room_id,
                report_type=complaint.report_type,
                description=told,
                evidence=await self._evidence(unit, report_id, reporter, complaint.evidence_id),
                known=await self._known(unit, complaint),
                pending=await unit.db.fetchval(PENDING, reporter, complaint.reported, complaint.room_id),
                evidence_key=address_of(case.recipient()) if case else None,
            )
            stream = await unit.load(REPORT, report_stream(report_id))
            events = REPORT.decide(stream.state, command)
            await self._must_have_room(unit, reporter)
            await unit.append(REPORT, stream, events)
            if complaint.evidence_id:
                await unit.db.execute(ATTACH, complaint.evidence_id, report_id)
            if once:
                await unit.answer(Answer(201, str(report_id)))
            return report_id

        return await self._store.run(work, at=at)

    async def _heard_of(self, complaint: Complaint) -> None:
        """Wait a moment for what is on its way: somebody who has just come in, a room that has just opened."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.hearing_seconds
        while not await self._pool.fetchval(KNOWN, complaint.reported, complaint.room_id) and loop.time() < deadline:
            await asyncio.sleep(LOOK_AGAIN)

    async def _known(self, unit: Unit, complaint: Complaint) -> bool:
        here = not await erased_among(unit.db, [complaint.reported])
        return here and bool(await unit.db.fetchval(KNOWN, complaint.reported, complaint.room_id))

    async def _evidence(self, unit: Unit, report_id: UUID, reporter: UUID, wanted: UUID | None) -> Evidence | None:
        if wanted is None:
            return None
        row = await unit.db.fetchrow(LOCK_EVIDENCE, [wanted], reporter)
        if row is None:
            raise NotFound("There is no such evidence of yours, or it belongs to another report.")
        return Evidence(wanted, await self._texts.seal(row["object"], report_id, about=report_id))

    async def _must_have_room(self, unit: Unit, reporter: UUID) -> None:
        window = self._settings.report_window
        since = unit.at - window
        oldest = await unit.db.fetchval(IN_THE_WAY, reporter, since, self._settings.limit_reports - 1)
        if oldest:
            raise RateLimited(retry_after=ceil((oldest - since).total_seconds()))
