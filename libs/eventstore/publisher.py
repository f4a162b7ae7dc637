"""A page of messages onto Kafka: all of it, or a known part from its front."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from libs.eventstore.wire import Message

DELIVERY: dict[str, Any] = {
    "enable_idempotence": True,
    "acks": "all",
    "linger_ms": 0,  # a page goes out as whole batches: there is nothing to wait for
    "max_batch_size": 262_144,
    "request_timeout_ms": 40_000,
    "compression_type": "lz4",
}
"""What the relay's producer must be made with, whoever makes it."""

CLOSING = 5.0  # seconds

Place = tuple[str, int]  # topic, partition


@dataclass(frozen=True, slots=True)
class Arrival:
    """`count` messages from the front have arrived; after a failure some behind them may have, too."""

    count: int
    failure: BaseException | None = None


class Publisher:
    """One producer, good until its first failure.

    aiokafka draws a batch's sequence number before it gives up on a partition without a leader, and the broker refuses
    all that the producer sends afterwards. So a failure is answered with a new producer, never with a retry.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._partitions: dict[str, int] = {}

    async def start(self) -> None:
        await self._producer.start()

    async def send(self, messages: Sequence[Message]) -> Arrival:
        """Messages of one key stay in order inside a topic. Waits as long as the broker is away; may be cancelled.

        Raises KafkaError where nothing could be handed over.
        """
        batches = await self._batches(messages)
        sent = [(n, await self._producer.send_batch(b, topic, partition=p)) for n, (topic, p), b in batches]
        if sent:
            await asyncio.wait([batch for _, batch in sent])
        failures = [(first, batch.exception()) for first, batch in sent if batch.exception()]
        return Arrival(*failures[0]) if failures else Arrival(len(messages))

    async def stop(self) -> None:
        """Close at once, unsent batches and all: whoever leads next sends them again from the cursor."""
        if sender := self._producer._sender.sender_task:
            sender.cancel()  # else `stop` waits for a silent broker
        with suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self._producer.client.close()
                await self._producer.stop()

    async def _batches(self, messages: Sequence[Message]) -> list[tuple[int, Place, Any]]:
        """Whole batches, each with its first message's index, ordered by it."""
        batches: list[tuple[int, Place, Any]] = []
        filling: dict[Place, Any] = {}
        for n, message in enumerate(messages):
            if message.topic is None:
                continue
            place = message.topic, partition(message.key, await self._count(message.topic))
            if place not in filling or not _append(filling[place], message):
                filling[place] = self._producer.create_batch()
                _append(filling[place], message)
                batches.append((n, place, filling[place]))
        return batches

    async def _count(self, topic: str) -> int:
        if topic not in self._partitions:
            self._partitions[topic] = len(await self._producer.partitions_for(topic))
        return self._partitions[topic]


@lru_cache(maxsize=65_536)
def partition(key: bytes, count: int) -> int:
    """Where every Kafka client puts this key. Remembered: in Python the hash costs more than all the rest."""
    place: int = (murmur2(key) & 0x7FFFFFFF) % count
    return place


def _append(batch: Any, message: Message) -> bool:
    """False when the batch is full."""
    appended = batch.append(timestamp=None, key=message.key, value=message.value, headers=message.headers)
    return appended is not None
