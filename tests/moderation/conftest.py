from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.api import issuing
from tests.conftest import Database
from tests.moderation.api import Api, here
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


@pytest.fixture
async def api(house: House) -> AsyncIterator[Api]:
    async with issuing() as issuer, here(house.urls, issuer, lambda: house.now) as http:
        yield Api(http, issuer, house)
