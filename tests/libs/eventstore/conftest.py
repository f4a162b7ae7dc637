from collections.abc import AsyncIterator

import pytest

from tests.libs.eventstore.house import House, house_of
from tests.stack import PostgresServer


@pytest.fixture
async def house(postgres: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres) as made:
        yield made
