"""From Kafka to the lake, each record exactly once: read, check, rename, append; then tell Kafka, for the lag alone.

What Kafka or a crash repeats is sorted out where the rows are written (lake.py), so every step here may be taken again.
While one batch is being written, the next is read and checked.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import ConsumerRecord
from opentelemetry.trace import Tracer

from libs.contracts.cloudevents import ContractError
from libs.contracts.identity import UserDelete
from services.analytics import spans
from services.analytics.erasure import Erasure
from services.analytics.facts import Fact, fact_of
from services.analytics.intake import Batch, Intake
from services.analytics.lake import Lake, Landed
from services.analytics.meters import Meters
from services.analytics.patience import persist
from services.analytics.pseudonyms import Pseudonyms
from services.analytics.rows import row_of
from services.analytics.setaside import SetAside
from services.analytics.sift import Slice


@dataclass(frozen=True, slots=True)
class Load:
    """A batch that is ready to land."""

    slices: Sequence[Slice]
    facts: Sequence[Fact]
    began: int  # ns since the epoch, when its last record had been read


class Sink:
    """A role. Any number may run: Kafka shares the partitions out, and the lake refuses whoever comes second."""

    def __init__(
        self,
        intake: Intake,
        lake: Lake,
        pseudonyms: Pseudonyms,
        erasure: Erasure,
        aside: SetAside,
        meters: Meters,
        tracer: Tracer | None = None,
    ) -> None:
        self._intake, self._lake, self._pseudonyms, self._erasure = intake, lake, pseudonyms, erasure
        self._aside, self._meters, self._tracer = aside, meters, tracer
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="lake")  # the handle takes one appender at a time

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; what has been read by then lands first. Raises what waiting does not mend."""
        await self._intake.start()
        landing = asyncio.create_task(asyncio.sleep(0))
        try:
            while not stop.is_set():
                batch = await self._intake.batch(stop)
                load = await self._prepare(batch) if batch else None
                if load or landing.done():
                    await landing  # it may have failed
                if load:
                    landing = asyncio.create_task(self._land(load))
            await landing
        finally:
            await self._intake.stop()
            await self._aside.close()
            self._writer.shutdown(wait=False)

    async def _prepare(self, batch: Batch) -> Load:
        """Bad records go to the DLQ here: once the batch has landed, nobody reads them again."""
        began = time.time_ns()
        facts = {at: await self._facts(records) for at, records in batch.items()}
        flat = [fact for each in facts.values() for fact in each]
        everybody = {user for fact in flat for user in fact.users}
        names = await persist(lambda: self._pseudonyms.of(everybody), self._meters, "pseudonyms")
        slices = [
            Slice(at.topic, at.partition, [row_of(fact, names) for fact in facts[at]], records[-1].offset + 1)
            for at, records in batch.items()
        ]
        if erased := {fact.subject for fact in flat if fact.name == UserDelete.NAME}:
            at = datetime.now(UTC)
            await persist(lambda: self._erasure.forget(erased, at), self._meters, "pseudonyms")
        return Load(slices, flat, began)

    async def _facts(self, records: Sequence[ConsumerRecord]) -> list[Fact]:
        facts: list[Fact] = []
        for record in records:
            try:
                facts.append(fact_of(record))
            except ContractError as misfit:
                await self._aside.add(record, str(misfit))
        await asyncio.sleep(0)  # let heartbeats through
        return facts

    async def _land(self, load: Load) -> None:
        """One commit. After any failure the lake is looked at again: the commit may have been made all the same."""
        started = time.perf_counter()
        landed = await persist(lambda: self._append(load.slices), self._meters, "lake")
        self._meters.commit.observe(time.perf_counter() - started)
        await self._intake.landed(load.slices)
        self._count(load, landed)
        if self._tracer:
            spans.tell(self._tracer, load.facts, load.began)

    async def _append(self, slices: Sequence[Slice]) -> Landed:
        def append() -> Landed:
            try:
                return self._lake.append(slices)
            except Exception:
                self._lake.recover()
                raise

        return await asyncio.get_running_loop().run_in_executor(self._writer, append)

    def _count(self, load: Load, landed: Landed) -> None:
        self._meters.repeats.inc(landed.repeats)
        for topic, rows in landed.rows.items():
            self._meters.rows.labels(topic).inc(rows)
        if load.facts:
            self._meters.newest.set(max(fact.occurred_at for fact in load.facts).timestamp())
