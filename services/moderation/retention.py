"""Cases and sanctions end: some time after they were over, what was written about them is destroyed with their keys.

A case is kept with its sanctions, until the last of them was over for as long. What is left are ids, dates and words of
closed lists.
"""

from datetime import datetime, timedelta
from uuid import UUID

from libs.eventstore.db import Pool
from libs.eventstore.keys import KeyRing
from libs.eventstore.store import Store, Unit
from services.moderation.deciders import report, safety
from services.moderation.deciders.report import REPORT, report_stream
from services.moderation.deciders.safety import SAFETY, safety_stream
from services.moderation.evidence import Evidence
from services.moderation.sealed import Seals

CASES = """
select c.report_id from cases c where c.resolved_at <= $1 and not c.forgotten and not exists (
  select from sanctions s
  where (s.report_id = c.report_id or s.id = c.sanction_id) and (s.ended_at is null or s.ended_at > $1)
) order by c.resolved_at limit 100
"""
TAKE_CASE = """
select report_id from cases where report_id = any($1::uuid[]) and not forgotten
order by report_id for update skip locked
"""
SANCTIONS = "select id from sanctions where ended_at <= $1 and statement is not null order by ended_at limit 100"
TAKE_SANCTION = """
select id, user_id from sanctions where id = any($1::uuid[]) and statement is not null
order by id for update skip locked
"""


class Retention:
    """`kept`: how long after its end a case or a sanction is kept whole."""

    def __init__(
        self, store: Store, pool: Pool, keys: KeyRing, evidence: Evidence, seals: Seals, kept: timedelta
    ) -> None:
        self._store = store
        self._pool = pool
        self._keys = keys
        self._evidence = evidence
        self._seals = seals
        self._kept = kept

    async def look(self, at: datetime) -> None:
        """Forget what is due. Any number may look at once."""
        for row in await self._pool.fetch(CASES, at - self._kept):
            await self._forget_case(row["report_id"], at)
        for row in await self._pool.fetch(SANCTIONS, at - self._kept):
            await self._forget_sanction(row["id"], at)

    async def _forget_case(self, report_id: UUID, at: datetime) -> None:
        async def work(unit: Unit) -> None:
            for _ in await unit.guard(TAKE_CASE, [report_id]):
                await self._keys.destroy(report_id)
                await self._evidence.forget_case(unit.db, report_id)
                await self._seals.clear(report_id)
                stream = await unit.load(REPORT, report_stream(report_id))
                await unit.append(REPORT, stream, REPORT.decide(stream.state, report.Forget()))

        await self._store.run(work, at=at)

    async def _forget_sanction(self, sanction_id: UUID, at: datetime) -> None:
        async def work(unit: Unit) -> None:
            for row in await unit.guard(TAKE_SANCTION, [sanction_id]):
                await self._keys.destroy(sanction_id)
                stream = await unit.load(SAFETY, safety_stream(row["user_id"]))
                await unit.append(SAFETY, stream, SAFETY.decide(stream.state, safety.Forget(sanction_id)))

        await self._store.run(work, at=at)
