"""Kafka as every service uses it: the address, the topics, and one set of client options."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from libs.contracts.access import writes
from libs.contracts.catalogue import dlq_of, topics
from libs.contracts.topic import Topic
from libs.eventstore.publisher import DELIVERY

log = structlog.get_logger(__name__)

MECHANISM = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True)
class Kafka:
    """Where the brokers are, and who we are to them."""

    bootstrap: str  # host:port[,host:port]
    user: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, url: str) -> "Kafka":
        """`kafka://[user:password@]host:port[,host:port]`. Raises ValueError, which does not quote the URL."""
        parts = urlsplit(url)
        credentials, _, hosts = parts.netloc.rpartition("@")
        if parts.scheme != "kafka" or not hosts or not all(":" in host for host in hosts.split(",")):
            raise ValueError("not a kafka://host:port address")
        user, _, password = credentials.partition(":")
        return cls(hosts, unquote(user) or None, unquote(password) or None)

    def options(self) -> dict[str, Any]:
        """Connection options of any aiokafka client."""
        plain: dict[str, Any] = {"bootstrap_servers": self.bootstrap}
        if self.user is None:
            return plain
        return plain | {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }

    def producer(self, **overrides: Any) -> AIOKafkaProducer:
        """Idempotent, acknowledged by all, in large lz4 batches. Replace it after any failed send; never reuse it."""
        return AIOKafkaProducer(**self.options() | DELIVERY | overrides)

    def reader(self, **overrides: Any) -> AIOKafkaConsumer:
        """A consumer without a group: it is told what to read and where from, and commits nothing."""
        return AIOKafkaConsumer(
            **self.options()
            | {"enable_auto_commit": False, "auto_offset_reset": "earliest", "fetch_max_wait_ms": 100}
            | overrides
        )

    @asynccontextmanager
    async def reading(self, **overrides: Any) -> AsyncIterator[AIOKafkaConsumer]:
        """A `reader`, started, and stopped in good time whatever state it is in."""
        consumer = self.reader(**overrides)
        try:
            await consumer.start()
            yield consumer
        finally:
            await stopped(consumer)

    def admin(self, **overrides: Any) -> AIOKafkaAdminClient:
        return AIOKafkaAdminClient(**self.options() | overrides)


async def stopped(client: Any, *, within: float = 5.0) -> None:
    """Stop a consumer, a producer or a FastStream broker, in whatever state it is. Raises nothing of its own.

    A consumer that has just lost its broker cancels its pending fetches and lets their CancelledError out, as if it
    were us who had been cancelled, and leaves its connections open (aiokafka 0.14): a role would end without a word.
    """
    stopping = asyncio.ensure_future(client.stop())
    done, _ = await asyncio.wait({stopping}, timeout=within)
    if not done:
        stopping.cancel()
    elif not stopping.cancelled() and (error := stopping.exception()):
        log.warning("not stopped cleanly", error=type(error).__name__)
    if connections := getattr(client, "_client", None):
        with suppress(KafkaError, OSError):
            await connections.close()


async def partitions_of(kafka: Kafka, topics: Sequence[str]) -> list[TopicPartition]:
    """Every partition of `topics`. Raises UnknownTopicOrPartitionError when one is not there (yet)."""
    admin = kafka.admin()
    await admin.start()
    try:
        described = await admin.describe_topics(list(topics))
    finally:
        await admin.close()
    found = [TopicPartition(each["topic"], part["partition"]) for each in described for part in each["partitions"]]
    if missing := set(topics) - {each.topic for each in found}:
        raise UnknownTopicOrPartitionError(f"no such topics yet: {sorted(missing)}")
    return sorted(found)


async def committed_by(kafka: Kafka, group: str, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Where a consumer group goes on reading; without those partitions where it has committed nothing."""
    admin = kafka.admin()
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group, partitions=list(partitions))
    finally:
        await admin.close()
    return {each: known.offset for each, known in found.items() if known.offset >= 0}


async def ensure_topics(url: str, service: str, *, replication: int = -1) -> None:
    """Make the service's topics and its DLQ. Those that are there are left alone.

    `replication` -1 is the broker's default. Raises aiokafka.errors.KafkaError.
    """
    own = {name: topic for name, topic in topics().items() if name in writes(service)}
    await create_topics(Kafka.parse(url), {**own, dlq_of(service): None}, replication=replication)


async def create_topics(kafka: Kafka, wanted: Mapping[str, Topic | None], *, replication: int = -1) -> None:
    """Make topics that are missing; None stands for a DLQ: one partition, the longest retention."""
    admin = kafka.admin()
    await admin.start()
    try:
        missing = sorted(wanted.keys() - set(await admin.list_topics()))
        if not missing:
            return
        answer = await admin.create_topics([_new(name, wanted[name], replication) for name in missing])
        _check(answer.topic_errors)
        while not wanted.keys() <= set(await admin.list_topics()):
            await asyncio.sleep(0.05)  # the controller has them, the broker will in a moment
    finally:
        await admin.close()


def _new(name: str, topic: Topic | None, replication: int) -> NewTopic:
    contract = topic or Topic(producer="", stream="", partitions=1)
    new = NewTopic(
        name,
        num_partitions=contract.partitions,
        replication_factor=1,
        topic_configs={"retention.ms": str(int(contract.retention.total_seconds() * 1000))},
    )
    new.replication_factor = replication  # brokers take -1 as "your default", which aiokafka's constructor refuses
    return new


def _check(errors: Iterable[tuple[Any, ...]]) -> None:
    for _topic, code, *_ in errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # somebody else migrated at the same moment
            raise error
