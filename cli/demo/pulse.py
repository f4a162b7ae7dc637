"""How many events the topics hold, and how fast they come."""

import time
from collections.abc import Iterable

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from libs.chassis.kafka import Kafka


class Pulse:
    """Reads the end of every partition of the given topics; commits nothing, reads no record."""

    def __init__(self, kafka_url: str, topics: Iterable[str]) -> None:
        self._topics = sorted(topics)
        self._consumer = Kafka.parse(kafka_url).reader()
        self._at = time.monotonic()
        self.total = 0
        self.rate = 0.0  # events a second since the last look

    async def start(self) -> None:
        await self._consumer.start()
        await self.look()
        self.rate = 0.0

    async def look(self) -> None:
        """Look once; an unreachable broker leaves the figures as they were."""
        try:
            total = sum((await self._consumer.end_offsets(self._partitions())).values())
        except KafkaError:
            return
        now = time.monotonic()
        self.rate = (total - self.total) / max(now - self._at, 1e-6)
        self.total, self._at = total, now

    async def close(self) -> None:
        await self._consumer.stop()

    def _partitions(self) -> list[TopicPartition]:
        known = {topic: self._consumer.partitions_for_topic(topic) or () for topic in self._topics}
        return [TopicPartition(topic, partition) for topic, partitions in known.items() for partition in partitions]
