from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from tests.conftest import Database
from tests.rooms.api import Issuer, issuing
from tests.rooms.house import House, house_at
from tests.rooms.realtime.bar import QUICK, Bar, opening

NO_KAFKA = "kafka://127.0.0.1:1"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as made:
        yield made


@pytest.fixture
async def live_house(database: Database) -> AsyncIterator[House]:
    quick = {name: QUICK[name] for name in ("silence_seconds", "beat_seconds")}
    async with house_at(await database("rooms"), node_lease_seconds=3.0, **quick) as made:
        yield made


@pytest.fixture
async def redis(redis_server: RedisServer) -> "AsyncIterator[Redis]":
    async with Redis.from_url(redis_server.url(), decode_responses=True) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def bar(live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer) -> AsyncIterator[Bar]:
    """An API and one node, without Kafka: whatever leaves a room is told over its own socket."""
    async with opening(live_house, issuer, redis, redis_server.url("rooms"), NO_KAFKA) as made:
        await made.node()
        yield made
