from collections.abc import AsyncIterator

import pytest

from tests.rooms.front import Front, front_of
from tests.rooms.house import House
from tests.rooms.voice.mediaserver import MediaServer, media_server


@pytest.fixture
async def media() -> AsyncIterator[MediaServer]:
    async with media_server() as server:
        yield server


@pytest.fixture
async def front(house: House, media: MediaServer) -> AsyncIterator[Front]:
    """An API whose voices go by the media server."""
    async with front_of(house, **media.settings) as made:
        yield made
