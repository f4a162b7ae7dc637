"""A follower hears everything of its topics, from a time on, and says when it has caught up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from libs.chassis.follow import Behind, Follower
from libs.chassis.health import NotReady
from libs.chassis.kafka import Kafka
from libs.contracts.cloudevents import Envelope
from libs.contracts.social import MuteUser, ProfileOpen
from tests.libs.chassis.house import House, effect, fresh_topics, muted, opened, record, running
from tests.stack import KafkaServer
from tests.waiting import until

BOTH = (ProfileOpen.NAME, MuteUser.NAME)


@asynccontextmanager
async def following(follower: Follower) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(follower.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


def listener(house: House, heard: list[Envelope], since: datetime | Behind | None) -> Follower:
    async def hear(envelope: Envelope) -> None:
        heard.append(envelope)

    return Follower(house.kafka, BOTH, hear, since)


async def test_a_follower_catches_up_from_its_horizon_and_goes_on(house: House) -> None:
    old, young = [opened() for _ in range(3)], [muted() for _ in range(3)]
    await house.send(ProfileOpen.NAME, [record(each) for each in old])
    await asyncio.sleep(0.05)
    horizon = datetime.now(UTC)
    await asyncio.sleep(0.05)
    await house.send(MuteUser.NAME, [record(each) for each in young])
    heard: list[Envelope] = []
    follower = listener(house, heard, horizon)
    with pytest.raises(NotReady):
        await follower.ready()
    async with following(follower):
        await asyncio.wait_for(follower.caught_up.wait(), 30)
        assert heard == young
        await follower.ready()
        await house.send(ProfileOpen.NAME, [record(now := opened())])
        await until(lambda: heard == [*young, now])


async def test_two_followers_both_hear_everything(house: House) -> None:
    first: list[Envelope] = []
    second: list[Envelope] = []
    long_ago = datetime.now(UTC) - timedelta(days=1)
    events = [opened() for _ in range(20)]
    async with following(listener(house, first, long_ago)), following(listener(house, second, long_ago)):
        await house.send(ProfileOpen.NAME, [record(each) for each in events])
        await until(lambda: first == second == events)


async def test_what_a_group_has_not_taken_is_heard_whole_and_what_it_has_may_be_left_out(house: House) -> None:
    """The seed of a process is what the group's service has kept: the two together miss nothing."""
    taken, waiting = [opened() for _ in range(5)], [opened() for _ in range(5)]
    unread = [muted() for _ in range(3)]  # of a topic that the group has never read
    await house.send(MuteUser.NAME, [record(each) for each in unread])
    consumers = house.consumers()
    consumers.replica(ProfileOpen, effect)
    await house.send(ProfileOpen.NAME, [record(each) for each in taken])
    async with running(consumers):

        async def kept() -> bool:
            return await house.effects() == dict.fromkeys([each.id for each in taken], 1)

        await until(kept)
    await house.send(ProfileOpen.NAME, [record(each) for each in waiting])
    heard: list[Envelope] = []
    follower = listener(house, heard, Behind(house.name))
    async with following(follower):
        await asyncio.wait_for(follower.caught_up.wait(), 30)
    ids = {each.id for each in heard}
    assert {each.id for each in [*waiting, *unread]} <= ids
    assert not ids & {each.id for each in taken}


async def test_what_a_follower_cannot_read_does_not_keep_it_from_the_next(house: House) -> None:
    good, bad = opened(), opened()
    calls = 0

    async def hear(envelope: Envelope) -> None:
        nonlocal calls
        if envelope.id == bad.id:
            calls += 1
            raise ValueError
        heard.append(envelope)

    heard: list[Envelope] = []
    await house.send(
        ProfileOpen.NAME,
        [record(opened(), value=b"{"), (None, b"", [("ce_id", None)]), record(bad), record(good)],
    )
    follower = Follower(house.kafka, BOTH, hear, datetime.now(UTC) - timedelta(days=1))
    async with following(follower):
        await asyncio.wait_for(follower.caught_up.wait(), 30)
    assert heard == [good]
    assert calls == 3


async def test_a_follower_without_kafka_or_topics_waits_and_is_not_ready(house: House, kafka: KafkaServer) -> None:
    nowhere = Follower(Kafka.parse("kafka://127.0.0.1:1"), BOTH, _nothing)
    await kafka.clear()
    heard: list[Envelope] = []
    early = listener(house, heard, datetime.now(UTC) - timedelta(days=1))
    async with following(nowhere), following(early):
        for follower in (nowhere, early):
            with pytest.raises(NotReady):
                await follower.ready()
        await fresh_topics(kafka, BOTH)
        await house.send(ProfileOpen.NAME, [record(event := opened())])
        await until(lambda: heard == [event])
        assert not nowhere.caught_up.is_set()


async def test_who_relies_on_a_follower_waits_for_it_but_not_for_ever() -> None:
    nowhere = Follower(Kafka.parse("kafka://127.0.0.1:1"), BOTH, _nothing)
    await nowhere.patient(0.01)()
    waiting = asyncio.ensure_future(nowhere.patient(600)())
    assert not (await asyncio.wait([waiting], timeout=0.1))[0]
    nowhere.caught_up.set()
    await asyncio.wait_for(waiting, 20)


async def _nothing(_: Envelope) -> None: ...
