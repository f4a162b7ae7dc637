from collections.abc import AsyncIterator

import pytest

from libs.chassis.kafka import Kafka
from libs.contracts.catalogue import dlq_of
from libs.contracts.social import MuteUser, ProfileOpen
from tests.conftest import Database
from tests.libs.chassis import house as houses
from tests.libs.chassis.house import House
from tests.stack import KafkaServer


@pytest.fixture
async def house(database: Database, kafka: KafkaServer) -> AsyncIterator[House]:
    """A listening service with empty topics `profile_open`, `mute_user` and its DLQ."""
    urls = await database(houses.SCHEMA)
    await houses.prepare(urls)
    pool, keys = await houses.pools(urls)
    made = House(Kafka.parse(kafka.url), urls, pool, keys)
    await houses.fresh_topics(kafka, [ProfileOpen.NAME, MuteUser.NAME, dlq_of(made.name)])
    yield made
    await pool.close()
    await keys.close()
