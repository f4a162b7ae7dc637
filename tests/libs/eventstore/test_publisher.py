"""A page onto a real broker, which takes some of it and refuses some."""

import random
from uuid import uuid4

from aiokafka.errors import MessageSizeTooLargeError

from libs.chassis.kafka import Kafka, create_topics
from libs.eventstore.publisher import Publisher, partition
from libs.eventstore.wire import STORED_ONLY, Message
from tests.libs.eventstore.seats import TOPICS
from tests.libs.eventstore.topics import producer
from tests.stack import KafkaServer

SCRATCH = "scratch"  # what is told here is no event
PARTITIONS = TOPICS["seat_take"].partitions


def message(key: bytes = b"", size: int = 100) -> Message:
    noise = random.Random(1).randbytes(size // 2).hex().encode()  # nothing that compresses
    return Message(SCRATCH, key or str(uuid4()).encode(), noise, [("ce_type", b"scratch")])


async def sent(kafka: KafkaServer, *messages: Message) -> tuple[int, type[BaseException] | None]:
    await create_topics(Kafka.parse(kafka.url), {SCRATCH: TOPICS["seat_take"]}, replication=1)
    publisher = Publisher(producer(kafka.url))
    await publisher.start()
    try:
        arrival = await publisher.send(messages)
        return arrival.count, type(arrival.failure) if arrival.failure else None
    finally:
        await publisher.stop()


async def test_a_page_arrives_whole(kafka: KafkaServer) -> None:
    assert await sent(kafka, *[message() for _ in range(50)]) == (50, None)


async def test_a_page_larger_than_a_batch_arrives_whole(kafka: KafkaServer) -> None:
    assert await sent(kafka, *[message(b"one key", 20_000) for _ in range(50)]) == (50, None)


async def test_what_is_stored_only_counts_as_arrived(kafka: KafkaServer) -> None:
    assert await sent(kafka, STORED_ONLY, message(), STORED_ONLY) == (3, None)
    assert await sent(kafka, STORED_ONLY) == (1, None)


async def test_what_arrived_before_the_first_refusal_is_known(kafka: KafkaServer) -> None:
    page = [message() for _ in range(20)]
    page[7] = message(size=3_000_000)
    assert await sent(kafka, *page) == (7, MessageSizeTooLargeError)


async def test_a_refusal_counts_from_the_front_whichever_partition_it_is_in(kafka: KafkaServer) -> None:
    keys = {partition(key, PARTITIONS): key for key in (b"%d" % n for n in range(100))}
    page = [message(keys[n % PARTITIONS], 3_000_000 if n == 4 else 100) for n in range(9)]
    assert await sent(kafka, *page) == (4, MessageSizeTooLargeError)
