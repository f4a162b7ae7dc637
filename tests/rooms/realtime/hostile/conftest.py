from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from tests.rooms.realtime.bar import Bar
from tests.rooms.realtime.hostile.peace import Peace, peace


@pytest.fixture
async def room(bar: Bar) -> UUID:
    return await bar.house.room()


@pytest.fixture
async def quiet(bar: Bar, room: UUID) -> AsyncIterator[Peace]:
    """Two people of good will in that room, who must not notice anything."""
    async with peace(bar, room) as made:
        yield made
