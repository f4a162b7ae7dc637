"""A service that only listens: a fresh schema, fresh topics, a table of effects that shows anything done twice."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import GroupCoordinatorNotAvailableError

from libs.chassis import postgres
from libs.chassis.consumers import Consumers, Policy
from libs.chassis.kafka import Kafka, create_topics, partitions_of
from libs.contracts.catalogue import dlq_of
from libs.contracts.cloudevents import Envelope, encode
from libs.contracts.event import Event
from libs.contracts.social import MuteUser, ProfileOpen
from libs.contracts.topic import Topic
from libs.eventstore.db import Db, Pool
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.store import Store
from tests.stack import Databases, KafkaServer
from tests.waiting import until

SCHEMA = "analytics"  # a role and a schema that are there; the house is named otherwise
EFFECTS = "create table effects (event_id uuid not null, at timestamptz not null default clock_timestamp())"
EFFECT = "insert into effects (event_id) values ($1)"
QUICK = Policy(pause=0.02, outage_pause=0.1, replay_every=0.1, dlq_timeout=2.0)

Record = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes | None]]]  # key, value, headers


def opened(viewer: UUID | None = None, *, version: int = 1) -> Envelope:
    """Somebody looked at somebody's card."""
    viewer = viewer or uuid4()
    return envelope_of(ProfileOpen(viewer_user_id=viewer, profile_user_id=uuid4()), f"viewer-{viewer}", version)


def muted(muter: UUID | None = None) -> Envelope:
    """Somebody no longer hears somebody."""
    low, high = sorted((muter or uuid4(), uuid4()))
    return envelope_of(MuteUser(muter_user_id=low, muted_user_id=high), f"pair-{low}-{high}")


def envelope_of(event: Event, stream: str, version: int = 1, traceparent: str | None = None) -> Envelope:
    return Envelope(
        id=uuid4(),
        name=event.NAME,
        source="/virtubar/test/social/1",
        subject=event.subject,
        time=datetime.now(UTC),
        schema_version=event.VERSION,
        stream_id=stream,
        stream_version=version,
        position=version,
        correlation_id=None,
        causation_id=None,
        traceparent=traceparent,
        data=event.model_dump(mode="json"),
    )


def record(envelope: Envelope, **changed: Any) -> Record:
    """As the relay sends it; `ce_type=None` drops a header, `ce_type=b"x"` replaces it, `value=` replaces the data."""
    value, headers = encode(envelope)
    value = changed.pop("value", value)
    kept: list[tuple[str, bytes | None]] = [(name, old) for name, old in headers if name not in changed]
    return envelope.key, value, [*kept, *((name, new) for name, new in changed.items())]


async def effect(db: Db, envelope: Envelope) -> None:
    """The handler of most tests: once per event, or the table shows it."""
    await db.execute(EFFECT, envelope.id)


@dataclass
class House:
    """`name` is the consumer group; the DLQ is `<name>.dlq`."""

    kafka: Kafka
    urls: Databases
    pool: Pool
    keys: Pool
    name: str = field(default_factory=lambda: f"t{uuid4().hex[:8]}")

    @property
    def kafka_url(self) -> str:
        """For another process."""
        return f"kafka://{self.kafka.user}:{self.kafka.password}@{self.kafka.bootstrap}"

    def consumers(self, *, policy: Policy = QUICK, **parts: Any) -> Consumers:
        return Consumers(self.name, self.kafka, self.pool, policy=policy, patience=5, **parts)

    def store(self) -> Store:
        async def project(_db: Db, _recorded: object) -> None: ...

        return Store(self.pool, cipher=Cipher(KeyRing(self.keys)), project=project)

    async def send(self, topic: str, records: Iterable[Record], *, partition: int | None = None) -> None:
        """In this order, whatever is in them."""
        producer = AIOKafkaProducer(**self.kafka.options())
        await producer.start()
        try:
            for key, value, headers in records:
                await producer.send_and_wait(topic, value, key, partition=partition, headers=list(headers))
        finally:
            await producer.stop()

    async def effects(self) -> dict[UUID, int]:
        """How often each event has had its effect."""
        rows = await self.pool.fetch("select event_id, count(*) as n from effects group by event_id")
        return {row["event_id"]: row["n"] for row in rows}

    async def dead_letters(self) -> list[Any]:
        """What is in the DLQ now."""
        return await self.read(dlq_of(self.name))

    async def read(self, topic: str) -> list[Any]:
        reader = self.kafka.reader()
        await reader.start()
        try:
            partitions = await partitions_of(self.kafka, [topic])
            reader.assign(partitions)
            ends = await reader.end_offsets(partitions)
            found: list[Any] = []
            while len(found) < sum(ends.values()):
                for records in (await reader.getmany(timeout_ms=500)).values():
                    found += records
            return found
        finally:
            await reader.stop()

    async def committed(self) -> int:
        """How many records the group has put behind it, over all partitions."""
        admin = self.kafka.admin()
        await admin.start()
        try:
            try:
                offsets = await admin.list_consumer_group_offsets(self.name)
            except GroupCoordinatorNotAvailableError:  # a fresh broker is still making the topic of offsets
                return 0
            return sum(each.offset for each in offsets.values() if each.offset > 0)
        finally:
            await admin.close()


async def fresh_topics(server: KafkaServer, names: Iterable[str], partitions: int = 1) -> None:
    """These topics and no others, empty."""
    await server.clear()
    await until(lambda: _none_left(server), 60)

    wanted = {name: Topic(producer="", stream="", partitions=partitions) for name in names}
    await create_topics(Kafka.parse(server.url), wanted, replication=1)


async def _none_left(server: KafkaServer) -> bool:
    admin = Kafka.parse(server.url).admin()
    await admin.start()
    try:
        return all(name.startswith("__") for name in await admin.list_topics())
    finally:
        await admin.close()


@asynccontextmanager
async def running(consumers: Consumers) -> AsyncIterator[asyncio.Task[None]]:
    """The consumers' role, stopped as a process would stop it."""
    stop = asyncio.Event()
    task = asyncio.create_task(consumers.run(stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def prepare(urls: Databases) -> None:
    db = await asyncpg.connect(urls.owner, server_settings={"search_path": SCHEMA})
    try:
        await db.execute(EFFECTS)
    finally:
        await db.close()


async def pools(urls: Databases) -> tuple[Pool, Pool]:
    return await postgres.connect(urls.runtime, SCHEMA), await postgres.connect(urls.keys, SCHEMA)
