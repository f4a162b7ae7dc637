from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import Database
from tests.moderation.house import House, house_at, peopled


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with house_at(await database("moderation")) as made:
        yield await peopled(made)


@pytest.fixture
async def owner(house: House) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The schema's owner, who may rebuild, and tamper."""
    db = await asyncpg.connect(house.urls.owner, server_settings={"search_path": "moderation"})
    try:
        yield db
    finally:
        await db.close()
