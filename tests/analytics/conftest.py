from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.chassis.kafka import Kafka, create_topics
from libs.contracts.catalogue import dlq_of, topics
from tests.analytics.house import House, house_of
from tests.conftest import Database
from tests.stack import KafkaServer


@pytest.fixture
async def house(kafka: KafkaServer, database: Database, tmp_path: Path) -> AsyncIterator[House]:
    await create_topics(Kafka.parse(kafka.url), {**topics(), dlq_of("analytics"): None}, replication=1)
    async with house_of(kafka.url, await database("analytics"), tmp_path / "lake") as made:
        yield made
