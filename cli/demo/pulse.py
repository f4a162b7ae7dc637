"""How many events the topics hold, and how fast they come."""

import time
from collections import Counter
from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from libs.chassis.kafka import Kafka, stopped
from libs.contracts.topic import Topic


class Pulse:
    """Reads the end of every partition of those topics that are there; commits nothing, reads no record."""

    def __init__(self, kafka_url: str, topics: Mapping[str, Topic]) -> None:
        self._kafka = Kafka.parse(kafka_url)
        self._topics = topics
        self._before: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()
        self._at = time.monotonic()
        self.rate = 0.0  # events a second since the last look

    async def start(self) -> None:
        self._consumer = self._kafka.reader()
        await self._consumer.start()
        there = await self._consumer.topics()
        self._partitions = [
            TopicPartition(name, number)
            for name, topic in self._topics.items()
            if name in there
            for number in range(topic.partitions)
        ]
        await self.look()
        self._before, self.rate = self._ends.copy(), 0.0

    @property
    def total(self) -> int:
        """Events since the start."""
        return self._ends.total() - self._before.total()

    @property
    def tonight(self) -> Counter[str]:
        """Events since the start, by name."""
        return self._ends - self._before

    async def look(self) -> None:
        """Look once; an unreachable broker leaves the figures as they were."""
        try:
            offsets = await self._consumer.end_offsets(self._partitions)
        except KafkaError:
            return
        ends: Counter[str] = Counter()
        for partition, offset in offsets.items():
            ends[partition.topic] += offset
        now = time.monotonic()
        self.rate = (ends.total() - self._ends.total()) / max(now - self._at, 1e-6)
        self._ends, self._at = ends, now

    async def close(self) -> None:
        await stopped(self._consumer)
