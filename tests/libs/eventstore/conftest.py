from collections.abc import AsyncIterator

import pytest

from tests.libs.eventstore.house import House, house_of
from tests.libs.eventstore.outlet import Outlet, outlet_of
from tests.stack import KafkaServer, PostgresServer


@pytest.fixture
async def house(postgres: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres) as made:
        yield made


@pytest.fixture
async def outlet(house: House, kafka: KafkaServer) -> Outlet:
    return await outlet_of(house, kafka.url)
