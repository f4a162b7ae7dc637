"""The seats' topics on a real broker. Tests share them: each has a cell of its own and reads nothing but that."""

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition

from libs.chassis.kafka import Kafka, create_topics
from libs.contracts.cloudevents import Envelope, decode
from tests.faults.checker import Fact
from tests.libs.eventstore.seats import TOPICS


async def make_topics(url: str) -> None:
    await create_topics(Kafka.parse(url), dict(TOPICS), replication=1)


def producer(url: str, **overrides: Any) -> AIOKafkaProducer:
    return Kafka.parse(url).producer(**overrides)


async def told(url: str, cell: str) -> list[tuple[Fact, Envelope]]:
    """Everything a cell has published by now; each partition in its order."""
    consumer = Kafka.parse(url).reader()
    await consumer.start()
    try:
        places = [TopicPartition(name, n) for name, topic in TOPICS.items() for n in range(topic.partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(places)
        found = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    envelope = decode(record.value, record.headers)
                    if envelope.source.startswith(f"/virtubar/{cell}/"):
                        found.append((_fact(envelope, f"{place.topic}-{place.partition}"), envelope))
        return found
    finally:
        await consumer.stop()


def _fact(envelope: Envelope, place: str) -> Fact:
    return Fact(envelope.id, envelope.stream_id, envelope.stream_version, envelope.position, place)
