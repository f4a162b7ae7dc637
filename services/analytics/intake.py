"""What comes in from Kafka, from where the lake stands."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError

from libs.chassis.kafka import stopped
from services.analytics.lake import Lake
from services.analytics.meters import Meters
from services.analytics.patience import persist
from services.analytics.sift import Slice

GLANCE: Final = 200  # ms between two looks at `stop`
IDLE: Final = 1.0  # seconds
WATCH: Final = 1.0
Batch = Mapping[TopicPartition, Sequence[ConsumerRecord]]
log = structlog.get_logger(__name__)


class TopicReplaced(Exception):
    """A topic ends before what the lake has of it: it was deleted and made anew, and its offsets mean other records."""


class Intake(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Reads the topics as a member of the consumer's group. Positions come from the lake, never from the group.

    `lake` is a handle of its own: refreshing the one that is written with would blind it to what others committed.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        topics: Collection[str],
        lake: Lake,
        meters: Meters,
        *,
        rows: int,
        seconds: float,
    ) -> None:
        self._consumer, self._topics = consumer, topics
        self._lake, self._meters = lake, meters
        self._rows, self._seconds = rows, seconds
        self._expected: dict[TopicPartition, int] = {}  # the offset that reading goes on at
        self._landed: dict[TopicPartition, int] = {}
        self._trouble: Exception | None = None

    async def start(self) -> None:
        await persist(self._consumer.start, self._meters, "kafka")
        self._consumer.subscribe(list(self._topics), listener=self)

    async def stop(self) -> None:
        await stopped(self._consumer)

    @property
    def assigned(self) -> bool:
        return bool(self._expected)

    async def batch(self, stop: asyncio.Event) -> Batch:
        """At most `rows` records, or what came within `seconds` of the first; nothing when none came for a second.

        Raises TopicReplaced, and whatever aiokafka cannot go on from.
        """
        gathered: dict[TopicPartition, list[ConsumerRecord]] = {}
        count, clock = 0, asyncio.get_running_loop().time
        deadline = clock() + IDLE
        while count < self._rows and (left := deadline - clock()) > 0 and not stop.is_set():
            patience = max(1, min(GLANCE, left * 1000))
            polled = await self._consumer.getmany(timeout_ms=patience, max_records=self._rows - count)
            if self._trouble:
                raise self._trouble
            if polled and not gathered:
                deadline = clock() + self._seconds
            for partition, records in polled.items():
                self._follow(partition, records)
                gathered.setdefault(partition, []).extend(records)
                count += len(records)
        return gathered

    async def landed(self, slices: Sequence[Slice]) -> None:
        """Tell the group how far the lake is: for those who watch its lag, nobody reads from there."""
        offsets = {TopicPartition(each.topic, each.partition): each.next_offset for each in slices}
        if ours := {at: offset for at, offset in offsets.items() if at in self._expected}:
            with suppress(KafkaError):
                await self._consumer.commit(ours)
        self._landed |= offsets

    async def watch(self, stop: asyncio.Event) -> None:
        """A role: keeps the lag current, above all while nothing lands."""
        while not stop.is_set():
            for topic in {at.topic for at in self._expected}:
                self._meters.lag.labels(topic).set(self._lag(topic))
            with suppress(TimeoutError):
                async with asyncio.timeout(WATCH):
                    await stop.wait()

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """What is on its way may land: whoever reads it again finds it there."""
        self._expected = {}

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        try:
            await persist(lambda: self._seek(assigned), self._meters, "seek")
        except Exception as trouble:  # aiokafka would log it and read on from anywhere
            self._trouble = trouble

    async def _seek(self, assigned: Collection[TopicPartition]) -> None:
        await asyncio.to_thread(self._lake.refresh)
        first = await self._consumer.beginning_offsets(assigned)
        last = await self._consumer.end_offsets(assigned)
        landed = {at: self._lake.next_offset(at.topic, at.partition) for at in assigned}
        for at in assigned:
            if (landed[at] or 0) > last[at]:
                raise TopicReplaced(f"{at.topic}-{at.partition} ends at {last[at]}, the lake is at {landed[at]}")
        self._expected = {at: first[at] if (n := landed[at]) is None else n for at in assigned}
        self._landed = dict(self._expected)
        for at, offset in self._expected.items():
            self._consumer.seek(at, offset)

    def _follow(self, at: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        """Offsets have no holes, unless retention was faster than we were."""
        if (expected := self._expected.get(at)) is None:
            return  # it was taken from us meanwhile
        if (lost := records[0].offset - expected) > 0:
            log.error("records expired before they landed", topic=at.topic, partition=at.partition, count=lost)
            self._meters.lost.labels(at.topic).inc(lost)
        self._expected[at] = records[-1].offset + 1

    def _lag(self, topic: str) -> int:
        ours = self._expected.keys() & self._consumer.assignment()  # a rebalance takes them before it says so
        return sum(max(0, (self._consumer.highwater(at) or 0) - self._landed[at]) for at in ours if at.topic == topic)
