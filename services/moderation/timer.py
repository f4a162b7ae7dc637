"""What happens because time has passed: sanctions end, leases lapse, what is kept long enough is deleted.

Any number of timers may run, and none need have run at the time: what is due is found in the tables. Each takes what
no other has in its hands (`skip locked`) and decides again on the stream, so that an end is told once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from libs.chassis.transient import is_transient
from libs.eventstore.db import Pool
from libs.eventstore.errors import Conflict
from libs.eventstore.idempotency import forget_old
from libs.eventstore.store import Store, Unit
from services.moderation.deciders.report import REPORT, Lapse, report_stream
from services.moderation.deciders.safety import SAFETY, Expire, safety_stream
from services.moderation.evidence import Evidence
from services.moderation.retention import Retention
from services.moderation.settings import ModerationSettings

DUE = "select id from sanctions where state = 'in_force' and until <= $1 order by until limit 500"
TAKE_DUE = """
select id, user_id from sanctions where id = any($1::uuid[]) and state = 'in_force'
order by id for update skip locked
"""
LAPSED = "select report_id from cases where claimed_until <= $1 limit 500"
TAKE_LAPSED = """
select report_id from cases where report_id = any($1::uuid[]) and claimed_until is not null
order by report_id for update skip locked
"""

TIDY = timedelta(minutes=10)
log = structlog.get_logger(__name__)


class Timer:
    """`clock` is the wall clock; `look` may be called at any time and does what is due then."""

    def __init__(
        self,
        store: Store,
        pool: Pool,
        evidence: Evidence,
        retention: Retention,
        settings: ModerationSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._pool = pool
        self._evidence = evidence
        self._retention = retention
        self._settings = settings
        self._clock = clock
        self._tidy_at = clock()

    async def run(self, stop: asyncio.Event) -> None:
        """A role."""
        while not stop.is_set():
            try:
                await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("timer put off", error=type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), self._settings.timer_seconds)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Do what is due."""
        at = self._clock()
        for row in await self._pool.fetch(DUE, at):
            await self._lift(row["id"], at)
        for row in await self._pool.fetch(LAPSED, at):
            await self._lapse(row["report_id"], at)
        if at >= self._tidy_at:
            self._tidy_at = at + TIDY
            await self._evidence.tidy(at - self._settings.evidence_waits)
            await self._retention.look(at)
            async with self._pool.acquire() as db:
                await forget_old(db, at - self._settings.idempotency)

    async def _lift(self, sanction_id: UUID, at: datetime) -> None:
        async def work(unit: Unit) -> None:
            for row in await unit.guard(TAKE_DUE, [sanction_id]):
                stream = await unit.load(SAFETY, safety_stream(row["user_id"]))
                await unit.append(SAFETY, stream, SAFETY.decide(stream.state, Expire(sanction_id, at)))

        await self._settle(work, at)

    async def _lapse(self, report_id: UUID, at: datetime) -> None:
        async def work(unit: Unit) -> None:
            for _ in await unit.guard(TAKE_LAPSED, [report_id]):
                stream = await unit.load(REPORT, report_stream(report_id))
                await unit.append(REPORT, stream, REPORT.decide(stream.state, Lapse(at)))

        await self._settle(work, at)

    async def _settle(self, work: Callable[[Unit], Awaitable[None]], at: datetime) -> None:
        try:
            await self._store.run(work, at=at)
        except Conflict:
            log.warning("left for the next look")  # somebody is busy with this very person
