"""Fault 16: a sink dies at any step, beside a compaction, or comes back from the dead. Each record lands once."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from deltalake import DeltaTable
from prometheus_client import CollectorRegistry

from libs.chassis.kafka import Kafka, create_topics, partitions_of
from libs.contracts.catalogue import dlq_of, topics
from libs.contracts.cloudevents import ContractError
from services.analytics.facts import fact_of
from services.analytics.lake import Lake
from services.analytics.meters import Meters
from services.analytics.upkeep import Upkeep
from tests.analytics.records import Log
from tests.conftest import Database
from tests.faults.load import LONG, Effort
from tests.faults.processes import is_stopped, process
from tests.faults.sink_process import STEPS, Orders
from tests.stack import KafkaServer
from tests.waiting import until

TOPIC = "friend_request"  # three partitions
EVENTS = 2_000 if LONG else 200  # in each, and a tenth of them begins a repeat
PATIENCE = 900 if LONG else 120  # seconds: 40 rows in a commit, and files merged all the time


class Place(NamedTuple):
    """A record's, and which event it tells."""

    partition: int
    offset: int
    event_id: str


@dataclass(frozen=True)
class Verdict:
    """What the topic holds against what the lake holds; of an event told twice the first telling counts."""

    lost: set[Place]
    invented: set[Place]
    doubled: set[Place]

    @property
    def clean(self) -> bool:
        return not (self.lost or self.invented or self.doubled)

    def __str__(self) -> str:
        return f"lost {len(self.lost)}, invented {len(self.invented)}, doubled {len(self.doubled)}"


def verdict(told: Sequence[Place], landed: Sequence[Place]) -> Verdict:
    wanted = {each.event_id: each for each in reversed(told)}.values()
    found = Counter(landed)
    return Verdict(
        set(wanted) - found.keys(), found.keys() - set(wanted), {place for place, n in found.items() if n > 1}
    )


@dataclass(frozen=True)
class Shore:
    """A topic to read and a lake to land in."""

    kafka: Kafka
    orders: Orders
    lake: Path

    async def tell(self, events: int) -> None:
        """So many events in each partition, with the repeats of a relay that keeps starting over."""
        async with self.kafka.producer() as producer:
            for partition in range(topics()[TOPIC].partitions):
                log = Log(random.randrange(10**6), TOPIC)
                log.write(events, [uuid4() for _ in range(20)])
                for record in log.records:
                    sent = await producer.send(TOPIC, record.value, partition=partition, headers=record.headers)
            await sent

    async def told(self) -> list[Place]:
        """Every event of the topic, in each partition in order."""
        found: list[Place] = []
        async with self.kafka.reader() as consumer:
            places = await partitions_of(self.kafka, [TOPIC])
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                for at, records in (await consumer.getmany(timeout_ms=200)).items():
                    found += [place for record in records if (place := _place(at, record))]
        return found

    def landed(self) -> list[Place]:
        columns = DeltaTable(self.lake).to_pyarrow_table(columns=list(Place._fields)).to_pydict()
        return [Place(*row) for row in zip(*columns.values(), strict=True)]

    async def all_read(self) -> bool:
        async with self.kafka.reader() as consumer:
            places = await partitions_of(self.kafka, [TOPIC])
            ends = await consumer.end_offsets(places)
        lake = Lake.open(str(self.lake))
        return all((lake.next_offset(TOPIC, at.partition) or 0) >= end for at, end in ends.items())

    async def verdict(self) -> Verdict:
        return verdict(await self.told(), self.landed())

    @asynccontextmanager
    async def compacted(self) -> AsyncIterator[None]:
        """With somebody who merges files all the time."""
        upkeep, stop = Upkeep(str(self.lake), {}, Meters(CollectorRegistry()), too_many=2), asyncio.Event()

        async def merging() -> None:
            while not stop.is_set():
                await asyncio.to_thread(upkeep.compact)
                await asyncio.sleep(0.05)

        task = asyncio.create_task(merging())
        try:
            yield
        finally:
            stop.set()
            await task


def _place(at: TopicPartition, record: object) -> Place | None:
    try:
        fact = fact_of(record)  # type: ignore[arg-type]
    except ContractError:
        return None
    return Place(at.partition, fact.offset, fact.event_id)


async def fresh_topic(kafka: Kafka) -> None:
    """Without the records of the test before."""
    wanted = {TOPIC: topics()[TOPIC], dlq_of("analytics"): None}
    await create_topics(kafka, wanted, replication=1)
    admin = kafka.admin()
    await admin.start()

    async def gone() -> bool:
        return TOPIC not in await admin.list_topics()

    try:
        await admin.delete_topics([TOPIC])
        await until(gone)
    finally:
        await admin.close()
    await create_topics(kafka, wanted, replication=1)


@pytest.fixture
async def shore(kafka: KafkaServer, database: Database, tmp_path: Path) -> Shore:
    where = Kafka.parse(kafka.url)
    await fresh_topic(where)
    Lake.open(str(tmp_path / "lake"))
    urls = await database("analytics")
    orders = Orders(kafka.url, urls.runtime, urls.keys, str(tmp_path / "lake"), (TOPIC,), f"sink-{uuid4().hex[:8]}")
    return Shore(where, orders, tmp_path / "lake")


async def test_a_sink_that_dies_at_every_step_lands_each_record_once(shore: Shore, effort: Effort) -> None:
    steps = [*STEPS] if not LONG else [*STEPS] * (effort.times // 3)
    async with shore.compacted():
        await shore.tell(EVENTS)
        for n, step in enumerate(steps):
            async with process(replace(shore.orders, step=step, after=n % 3)) as doomed:
                assert await doomed.wait() == -signal.SIGKILL, step
            if LONG or n % 3 == 2:
                await shore.tell(50)
        async with process(shore.orders):
            await until(shore.all_read, PATIENCE, every=0.3)
    found = await shore.verdict()
    assert found.clean, str(found)
    assert len(shore.landed()) >= 3 * EVENTS


async def zombie(shore: Shore, survived: Path, naive: str = "") -> Verdict:
    """One sink stops between its check and its commit; another lands everything; then the first goes on."""
    await shore.tell(EVENTS // 4)
    stops = replace(shore.orders, step="checked", signal="SIGSTOP", after=1, survived=str(survived), naive=naive)
    async with process(stops) as first:
        await until(lambda: is_stopped(first), 60)
        async with process(shore.orders):
            await until(shore.all_read, PATIENCE, every=0.3)
        first.send_signal(signal.SIGCONT)
        await until(survived.exists, 60)
    return await shore.verdict()


async def test_a_sink_that_comes_back_from_the_dead_adds_nothing(shore: Shore, tmp_path: Path) -> None:
    async with shore.compacted():
        found = await zombie(shore, tmp_path / "survived")
    assert found.clean, str(found)


@pytest.mark.parametrize("naive", ["path", "fresh handle"])
async def test_control_what_is_checked_on_one_handle_and_written_through_another_lands_twice(
    shore: Shore, tmp_path: Path, naive: str
) -> None:
    found = await zombie(shore, tmp_path / "survived", naive)
    assert found.doubled
    assert not found.lost
