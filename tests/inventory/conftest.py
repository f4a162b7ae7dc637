from collections.abc import AsyncIterator

import pytest

from tests.conftest import Database
from tests.inventory.house import BEER, HAT, House, house_at


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    """With a beer and a hat to sell."""
    async with house_at(await database("inventory")) as made:
        await made.sells(BEER, HAT)
        yield made
