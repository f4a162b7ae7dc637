"""A report as moderators work on it: claimed for a while, looked at, given back or resolved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.chassis.problems import FieldError, Invalid
from libs.contracts.vocabulary import ReportOutcome
from libs.eventstore.db import Pool, Record
from libs.eventstore.store import Store, Unit
from services.moderation import audit
from services.moderation.audit import Entry
from services.moderation.deciders.refusals import NotFound
from services.moderation.deciders.report import REPORT, Claim, Release, Resolve, report_stream
from services.moderation.sealed import Sealed, Seals
from services.moderation.settings import ModerationSettings
from services.moderation.texts import Texts

CASE = """
select r.*, c.evidence_id, c.claimed_by, c.claimed_until, c.resolved_by, c.resolved_at, c.outcome, c.sanction_id,
  e.media_type as evidence_media_type, e.bytes as evidence_bytes
from reports r join cases c on c.report_id = r.id left join evidence e on e.evidence_id = c.evidence_id
where r.id = $1
"""
# Locked before the stream is moved, as the timer does: in one order, nobody waits for one another.
LOCK = "select report_id from cases where report_id = any($1::uuid[]) order by report_id for update"
NOTES = "select by_user_id, written_at, note from report_notes where report_id = $1 order by written_at, note_id"
HISTORY = """
select name, recorded_at as at, (data ->> 'by_user_id')::uuid as by_user_id from events
where stream_id = $1 order by version
"""
SANCTIONED = """
select exists (
  select from sanctions s join reports r on r.reported_user_id = s.user_id where s.id = $1 and r.id = $2
)"""


@dataclass(frozen=True, slots=True)
class Note:
    by_user_id: UUID
    written_at: datetime
    note: str | None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """All that is known of a report, its texts opened; None where the key of a text has been destroyed."""

    row: Record
    description: str | None
    notes: Sequence[Note]
    history: Sequence[Record]
    sealed: Sealed


class Cases:
    """One stream per report: of two moderators who take it at once, one has it."""

    def __init__(self, store: Store, pool: Pool, texts: Texts, seals: Seals, settings: ModerationSettings) -> None:
        self._store = store
        self._pool = pool
        self._texts = texts
        self._seals = seals
        self._lease = settings.lease

    async def claim(self, report_id: UUID, by: UUID, at: datetime) -> None:
        """Raises NotFound, also for whoever was reported, SameModerator for whoever reported it; Claimed, Resolved."""
        await self._do(report_id, Claim(by, at, self._lease))

    async def release(self, report_id: UUID, by: UUID, at: datetime) -> None:
        """Raises NotFound, NotClaimant, Resolved."""
        await self._do(report_id, Release(by, at))

    async def resolve(
        self,
        report_id: UUID,
        by: UUID,
        at: datetime,
        outcome: ReportOutcome,
        sanction_id: UUID | None = None,
        note: str | None = None,
    ) -> None:
        """Raises NotFound, NotClaimant, Resolved; Invalid for a sanction of somebody else."""
        sealed = await self._texts.seal(note, report_id, about=report_id)

        async def work(unit: Unit) -> None:
            await unit.guard(LOCK, [report_id])
            stream = await unit.load(REPORT, report_stream(report_id))
            events = REPORT.decide(stream.state, Resolve(by, at, outcome, sanction_id, sealed))
            if sanction_id and not await unit.db.fetchval(SANCTIONED, sanction_id, report_id):
                raise Invalid(
                    errors=[FieldError(pointer="#/body/sanction_id", detail="no sanction of the reported person")]
                )
            await unit.append(REPORT, stream, events)

        await self._store.run(work, at=at)

    async def _do(self, report_id: UUID, command: Claim | Release) -> None:
        guards = [(LOCK, [report_id])]
        await self._store.execute(REPORT, report_stream(report_id), command, at=command.at, guards=guards)

    async def view(self, report_id: UUID, by: UUID, at: datetime) -> CaseFile:
        """Everything there is, and an entry in the audit log that it was looked at. Raises NotFound."""
        async with self._pool.acquire() as db, db.transaction():
            row = await db.fetchrow(CASE, report_id)
            if row is None or row["reported_user_id"] == by:
                raise NotFound  # who reported somebody is not for that somebody to see
            notes = await db.fetch(NOTES, report_id)
            history = await db.fetch(HISTORY, report_stream(report_id))
            seal = await self._seals.find(db, report_id)
            shown = {"sealed": seal["sha256"]} if seal else {}
            await audit.enter(db, at, Entry("report_view", by, report_id, row["reported_user_id"], shown))
        return CaseFile(
            row,
            await self._texts.open(row["description"], row["reporter_user_id"], report_id, about=report_id),
            [
                Note(
                    each["by_user_id"],
                    each["written_at"],
                    await self._texts.open(each["note"], report_id, about=report_id),
                )
                for each in notes
            ],
            history,
            await self._seals.open(seal, report_id),
        )
