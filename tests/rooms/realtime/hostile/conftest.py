from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from tests.rooms.api import Issuer
from tests.rooms.house import House
from tests.rooms.realtime.bar import Bar, opening
from tests.rooms.realtime.conftest import NO_KAFKA
from tests.rooms.realtime.hostile.peace import Peace, peace

UNHURRIED = {"heartbeat_seconds": 2.0, "away_seconds": 3.0}
"""Whoever attacks here shares a process with those who must not mind: they give the node more time before they do."""


@pytest.fixture
async def bar(live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer) -> AsyncIterator[Bar]:
    async with opening(live_house, issuer, redis, redis_server.url("rooms"), NO_KAFKA, **UNHURRIED) as made:
        await made.node()
        yield made


@pytest.fixture
async def room(bar: Bar) -> UUID:
    return await bar.house.room()


@pytest.fixture
async def quiet(bar: Bar, room: UUID) -> AsyncIterator[Peace]:
    """Two people of good will in that room, who must not notice anything."""
    async with peace(bar, room) as made:
        yield made
