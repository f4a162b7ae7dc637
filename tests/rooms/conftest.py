from collections.abc import AsyncIterator

import pytest

from tests.conftest import Database
from tests.rooms.house import House, house_at


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with house_at(await database("rooms")) as made:
        yield made
