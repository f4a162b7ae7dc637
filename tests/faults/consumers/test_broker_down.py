"""The broker is killed while consumers and followers listen: they go on where they stood, nothing lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from libs.chassis.follow import Follower
from libs.chassis.kafka import Kafka
from libs.contracts.catalogue import dlq_of
from libs.contracts.cloudevents import Envelope
from libs.contracts.social import ProfileOpen
from tests.conftest import Database
from tests.faults.load import Effort
from tests.faults.test_broker import Mortal, mortal
from tests.libs.chassis import house as houses
from tests.libs.chassis.house import House, effect, opened, record, running
from tests.libs.chassis.test_follow import following
from tests.stack import KafkaServer
from tests.waiting import until

__all__ = ["mortal"]


@pytest.fixture
async def night(database: Database, mortal: Mortal) -> AsyncIterator[House]:
    """A listening service on a broker that can be killed."""
    urls = await database(houses.SCHEMA)
    await houses.prepare(urls)
    pool, keys = await houses.pools(urls)
    made = House(Kafka.parse(mortal.part.url()), urls, pool, keys)
    await houses.fresh_topics(KafkaServer(mortal.part), [ProfileOpen.NAME, dlq_of(made.name)])
    yield made
    await pool.close()
    await keys.close()


async def test_listeners_go_on_when_a_killed_broker_is_back(night: House, mortal: Mortal, effort: Effort) -> None:
    heard: list[UUID] = []
    sent: list[Envelope] = []

    async def hear(envelope: Envelope) -> None:
        heard.append(envelope.id)

    async def some() -> None:
        sent.extend(events := [opened() for _ in range(50)])
        await night.send(ProfileOpen.NAME, [record(each) for each in events])

    consumers = night.consumers()
    consumers.replica(ProfileOpen, effect)
    follower = Follower(night.kafka, [ProfileOpen.NAME], hear, datetime.now(UTC) - timedelta(hours=1), probe=0.5)
    async with running(consumers) as role, following(follower):
        await asyncio.wait_for(follower.caught_up.wait(), 60)
        for _ in range(effort.times // 2):
            await some()
            await mortal.kill()
            await until(lambda: _silence() > 2, what="the follower giving the connection up")
            await consumers.ready()  # a service lives without Kafka
            await mortal.rise()
            await some()
            await until(lambda: _all(night, sent), 90)
            await until(lambda: set(heard) >= {each.id for each in sent}, 90)
        assert not role.done()
        await until(lambda: _silence() < 2)
    assert await night.effects() == {each.id: 1 for each in sent}
    assert [id for n, id in enumerate(heard) if id not in heard[:n]] == [each.id for each in sent]


def _silence() -> float:
    """Seconds since the broker last answered the follower; past a failed probe it has begun anew."""
    return REGISTRY.get_sample_value("virtubar_follow_silence_seconds", {"topics": ProfileOpen.NAME}) or 0.0


async def _all(house: House, sent: list[Envelope]) -> bool:
    return len(await house.effects()) == len(sent)
