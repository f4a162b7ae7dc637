"""An evening in rooms, from real commits through a real relay and a real sink into a real lake."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from cli.verify.sources import KEPT, Service, Sources
from libs.chassis.kafka import Kafka
from libs.chassis.postgres import session
from libs.eventstore.publisher import DELIVERY
from libs.eventstore.relay import Relay
from services.analytics.__main__ import compose
from services.analytics.lake import Lake
from services.analytics.settings import Settings
from tests.rooms.house import House, house_at
from tests.rooms.people import ANN, BOB, after
from tests.stack import Databases, KafkaServer, PostgresServer
from tests.waiting import until


async def fresh_topics(kafka: KafkaServer) -> None:
    """No record of anybody else's."""
    await kafka.clear()
    admin = Kafka.parse(kafka.url).admin()
    await admin.start()

    async def none_left() -> bool:
        return not [name for name in await admin.list_topics() if not name.startswith("__")]

    try:
        await until(none_left)
    finally:
        await admin.close()
    await kafka.furnish()


async def an_evening(kafka: KafkaServer, postgres: PostgresServer, lake: Path) -> Sources:
    """Somebody of everything happens, and has landed."""
    await fresh_topics(kafka)
    rooms, analytics = await postgres.database("rooms"), await postgres.database("analytics")
    async with house_at(rooms) as house:
        await _visits(house)
        sources = Sources(
            [Service("rooms", rooms.owner, rooms.keys, KEPT["rooms"])], kafka.url, str(lake), analytics.owner
        )
        async with relayed(sources, rooms), sunk(kafka.url, analytics, lake):
            told = "select count(*) from events where name in ('room_create', 'room_join', 'room_leave', 'room_update')"
            committed = await house.pool.fetchval(told)
            await until(lambda: Lake.open(str(lake))._table.count() == committed, 120)
    return sources


@asynccontextmanager
async def relayed(sources: Sources, urls: Databases) -> AsyncIterator[None]:
    """With rooms' relay running."""
    kafka = Kafka.parse(sources.kafka_url)
    relay = Relay(
        lambda: session(urls.runtime, "rooms"), lambda: kafka.producer(**DELIVERY), cell="local", service="rooms"
    )
    stop = asyncio.Event()
    running = asyncio.create_task(relay.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


@asynccontextmanager
async def sunk(kafka_url: str, urls: Databases, lake: Path) -> AsyncIterator[None]:
    """With a sink running."""
    stores = {"database_url": urls.runtime, "keys_url": urls.keys, "kafka_url": kafka_url, "lake_url": str(lake)}
    settings = Settings.model_validate({**stores, "sink_seconds": 0.2})
    stop = asyncio.Event()
    async with compose(settings, ["sink"], CollectorRegistry()) as parts:
        roles = parts.roles["sink"]
        assert not callable(roles)
        running = [asyncio.ensure_future(role(stop)) for role in roles]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*running)


async def _visits(house: House) -> None:
    await house.node()
    blue, red = await house.room(host=ANN, name="The Blue Note"), await house.room(3, host=BOB)
    await house.rooms.hosting.update(blue, ANN, after(1), capacity=10)
    await house.seat(ANN, blue)
    await house.seat(ANN, red, after(10))
    await house.seat(BOB, red, after(11))
    await house.rooms.visits.leave_room(ANN, red, after(20))
