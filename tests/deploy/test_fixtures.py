"""The servers other tests are given do what their fixtures say."""

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import NewTopic

from libs.chassis.kafka import Kafka as Client
from tests.conftest import Database
from tests.stack import KafkaServer


@pytest.mark.parametrize("service", ["identity", "rooms", "analytics"])
async def test_a_fresh_database_is_migrated_and_empty(database: Database, service: str) -> None:
    first, second = await database(service), await database(service)
    assert first.name != second.name
    for url in (first.runtime, first.owner):
        db = await asyncpg.connect(url)
        assert await db.fetchval("select count(*) from events") == 0
        await db.close()
    keys = await asyncpg.connect(first.keys)
    assert await keys.fetchval("select count(*) from subject_keys") == 0
    await keys.close()


async def test_the_broker_keeps_what_it_is_sent_until_it_is_cleared(kafka: KafkaServer) -> None:
    client = Client.parse(kafka.url)
    admin = client.admin()
    await admin.start()
    await admin.create_topics([NewTopic("fixture", num_partitions=1, replication_factor=1)])
    async with client.producer() as producer:
        await producer.send_and_wait("fixture", b"a drink")
    async with AIOKafkaConsumer("fixture", **client.options(), auto_offset_reset="earliest") as consumer:
        assert (await consumer.getone()).value == b"a drink"
    await kafka.clear()
    assert [name for name in await admin.list_topics() if not name.startswith("__")] == []
    await admin.close()
