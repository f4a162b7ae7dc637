"""A sink over a real broker, a real database and a real lake, fresh for one test.

Tests share the broker's topics: each has a cell of its own, and asks of the lake no more than that.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer, TopicPartition
from deltalake import DeltaTable
from prometheus_client import CollectorRegistry
from pyarrow import compute as pc

from libs.chassis.kafka import Kafka
from libs.chassis.postgres import session
from libs.contracts.catalogue import dlq_of
from libs.contracts.cloudevents import Envelope, encode
from libs.contracts.event import Event
from services.analytics.__main__ import compose
from services.analytics.settings import Settings
from tests.analytics.records import told
from tests.stack import Databases


@dataclass
class House:
    """`cell` marks what this test tells."""

    kafka_url: str
    urls: Databases
    lake: Path
    producer: AIOKafkaProducer
    cell: str = field(default_factory=lambda: f"t{uuid4().hex[:12]}")
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def settings(self, **changes: Any) -> Settings:
        return Settings(
            database_url=self.urls.runtime,
            keys_url=self.urls.keys,
            kafka_url=self.kafka_url,
            lake_url=str(self.lake),
            **{
                "sink_seconds": 0.2,
                **changes,
            },  # one instance for all tests: the group need not wait for the last one's
        )

    @asynccontextmanager
    async def sink(self, **changes: Any) -> AsyncIterator["asyncio.Future[None]"]:
        """A sink, running for as long as the block does, then stopped as a process is; yields its task."""
        self.registry = CollectorRegistry()
        stop = asyncio.Event()
        async with compose(self.settings(**changes), ["sink"], self.registry) as parts:
            roles = parts.roles["sink"]
            assert not callable(roles)
            running = [asyncio.ensure_future(role(stop)) for role in roles]
            try:
                yield running[0]
            finally:
                stop.set()
                await asyncio.gather(*running)

    def told(self, event: Event, **changes: Any) -> Envelope:
        """The event on its way, from this test's cell."""
        service = event.TOPIC.producer if event.TOPIC else "rooms"
        timeline = changes.pop("timeline", 1)
        return told(event, source=f"/virtubar/{self.cell}/{service}/{timeline}", **changes)

    async def tell(self, envelopes: Iterable[Envelope], partition: int = 0) -> None:
        """Write them to one partition of their topics, in this order."""
        for envelope in envelopes:
            value, headers = encode(envelope)
            await self.write(envelope.name, value, headers, key=envelope.key, partition=partition)

    async def write(
        self, topic: str, value: bytes | None, headers: Any, *, key: bytes = b"", partition: int = 0
    ) -> int:
        """Any record at all; its offset."""
        sent = await self.producer.send_and_wait(topic, value, key=key, headers=headers, partition=partition)
        offset: int = sent.offset
        return offset

    def rows(self) -> list[dict[str, Any]]:
        """What the lake holds of this test, by partition and offset."""
        ours = pc.starts_with(pc.field("source"), f"/virtubar/{self.cell}/")
        rows: list[dict[str, Any]] = DeltaTable(self.lake).to_pyarrow_dataset().to_table(filter=ours).to_pylist()
        return sorted(rows, key=lambda row: (row["topic"], row["partition"], row["offset"]))

    async def said(self) -> list[tuple[str, str]]:
        """What analytics itself has recorded: names and streams."""
        db = await session(self.urls.runtime, "analytics")
        try:
            return [tuple(row) for row in await db.fetch("select name, stream_id from events order by pos")]
        finally:
            await db.close()

    async def buried(self) -> dict[tuple[str, int, int], list[dict[str, bytes]]]:
        """What is in the DLQ: by origin, the headers of each copy."""
        consumer = Kafka.parse(self.kafka_url).reader()
        async with consumer:
            place = TopicPartition(dlq_of("analytics"), 0)
            consumer.assign([place])
            (end,) = (await consumer.end_offsets([place])).values()
            found: dict[tuple[str, int, int], list[dict[str, bytes]]] = defaultdict(list)
            while await consumer.position(place) < end:
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for headers in (dict(record.headers) for record in records):
                        topic, partition, offset = (headers[f"dlq_{n}"] for n in ("topic", "partition", "offset"))
                        found[topic.decode(), int(partition), int(offset)].append(headers)
            return found

    def metered(self, name: str, **labels: str) -> float:
        """What the sink under way says of itself."""
        return self.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def house_of(kafka_url: str, urls: Databases, lake: Path) -> AsyncIterator[House]:
    async with Kafka.parse(kafka_url).producer(linger_ms=0) as producer:
        yield House(kafka_url, urls, lake, producer)
