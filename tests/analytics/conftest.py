from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.analytics.house import House, house_of
from tests.conftest import Database
from tests.stack import KafkaServer


@pytest.fixture
async def house(kafka: KafkaServer, database: Database, tmp_path: Path) -> AsyncIterator[House]:
    await kafka.furnish()
    async with house_of(kafka.url, await database("analytics"), tmp_path / "lake") as made:
        yield made
