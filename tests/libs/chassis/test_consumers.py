"""Against real Kafka and PostgreSQL: each event has its effect once, in order, and nothing bad stops what is good."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from libs.chassis.consumers import Parked, Policy
from libs.chassis.health import Check, NotReady
from libs.chassis.kafka import Kafka
from libs.contracts.cloudevents import Envelope
from libs.contracts.rooms import SeatHold
from libs.contracts.social import MuteUser, ProfileOpen
from libs.eventstore.db import Db
from libs.eventstore.unit import Unit
from tests.libs.chassis.house import QUICK, House, effect, muted, opened, record, running
from tests.libs.chassis.serving import free_port
from tests.waiting import until

TOPIC = ProfileOpen.NAME


async def test_an_event_that_comes_twice_has_its_effect_once(house: House) -> None:
    events = [opened() for _ in range(40)]
    consumers = house.consumers()
    consumers.replica(ProfileOpen, effect)
    async with running(consumers):
        await house.send(TOPIC, [record(each) for each in events + events[::-1]])
        await until(lambda: _all_committed(house, 80))
    assert await house.effects() == {each.id: 1 for each in events}


async def test_a_command_runs_once_in_a_transaction_of_its_own(house: House) -> None:
    async def command(unit: Unit, envelope: Envelope) -> None:
        await effect(unit.db, envelope)

    events = [muted() for _ in range(10)]
    consumers = house.consumers(store=house.store())
    consumers.command(MuteUser, command)
    async with running(consumers):
        await house.send(MuteUser.NAME, [record(each) for each in events + events])
        await until(lambda: _all_committed(house, 20))
    assert await house.effects() == {each.id: 1 for each in events}


async def test_a_replica_goes_before_the_command_of_the_same_event(house: House) -> None:
    steps: list[str] = []

    async def replica(_db: Db, _envelope: Envelope) -> None:
        steps.append("replica")

    async def command(_unit: Unit, _envelope: Envelope) -> None:
        steps.append("command")

    consumers = house.consumers(store=house.store())
    consumers.replica(MuteUser, replica)
    consumers.command(MuteUser, command)
    async with running(consumers):
        await house.send(MuteUser.NAME, [record(muted())])
        await until(lambda: _all_committed(house, 1))
    assert steps == ["replica", "command"]


async def test_what_fails_for_a_moment_is_tried_again_in_place(house: House) -> None:
    failures = iter([ConnectionResetError(), TimeoutError()])

    async def flaky(db: Db, envelope: Envelope) -> None:
        if error := next(failures, None):
            raise error
        await effect(db, envelope)

    event = opened()
    consumers = house.consumers()
    consumers.replica(ProfileOpen, flaky)
    async with running(consumers):
        await house.send(TOPIC, [record(event)])
        await until(lambda: _all_committed(house, 1))
    assert await house.effects() == {event.id: 1}
    assert await house.dead_letters() == []


async def test_a_connection_that_dies_in_the_middle_of_a_batch_costs_nothing(house: House) -> None:
    deaths = iter(["select pg_terminate_backend(pg_backend_pid())"] * 2)
    events = [opened() for _ in range(20)]

    async def handler(db: Db, envelope: Envelope) -> None:
        await effect(db, envelope)
        if envelope.id == events[10].id and (death := next(deaths, None)):
            await db.execute(death)

    consumers = house.consumers()
    consumers.replica(ProfileOpen, handler)
    await house.send(TOPIC, [record(each) for each in events])
    async with running(consumers):
        await until(lambda: _all_committed(house, 20))
    assert await house.effects() == {each.id: 1 for each in events}
    assert next(deaths, None) is None
    assert await house.dead_letters() == []


async def test_without_kafka_the_role_waits_and_stops_when_told(house: House) -> None:
    consumers = replace(house, kafka=Kafka.parse(f"kafka://127.0.0.1:{free_port()}")).consumers()
    consumers.replica(ProfileOpen, effect)
    async with running(consumers) as role:
        await asyncio.sleep(0.5)
        assert not role.done()
        await consumers.ready()


async def test_an_outage_puts_the_batch_back_and_gives_nothing_up(house: House) -> None:
    away = True

    async def handler(db: Db, envelope: Envelope) -> None:
        if away:
            raise ConnectionRefusedError
        await effect(db, envelope)

    events = [opened() for _ in range(5)]
    consumers = house.consumers()
    consumers.replica(ProfileOpen, handler)
    async with running(consumers):
        await house.send(TOPIC, [record(each) for each in events])
        await until(lambda: _put_back(house, 2))
        assert await house.committed() == 0
        away = False
        await until(lambda: _all_committed(house, 5))
    assert await house.effects() == {each.id: 1 for each in events}
    assert await house.dead_letters() == []


async def test_later_events_of_a_dead_letters_key_wait_and_are_taken_in_order(house: House) -> None:
    broken = True
    seen: list[Envelope] = []

    async def handler(db: Db, envelope: Envelope) -> None:
        if broken and envelope.id == first.id:
            raise ValueError("not today")
        await effect(db, envelope)
        seen.append(envelope)

    viewer = uuid4()
    first, *later = [opened(viewer, version=n) for n in range(1, 6)]
    other = opened()
    consumers = house.consumers()
    consumers.replica(ProfileOpen, handler)
    async with running(consumers):
        await house.send(TOPIC, [record(each) for each in (first, *later[:2])])
        await house.send(TOPIC, [record(each) for each in (other, *later[2:])])
        await until(lambda: _all_committed(house, 6))
        assert [each.id for each in seen] == [other.id]  # the others of the key wait, nobody else does

        parked = Parked(house.pool)
        (dead,) = await parked.dead()
        assert (dead.kind, dead.behind, dead.letter.envelope) == ("permanent", 4, first)
        assert "not today" not in dead.reason  # messages of exceptions may quote people's data

        await parked.ask_retry(dead.id)
        await until(lambda: _failed_again(parked))
        broken = False
        await parked.ask_retry(dead.id)
        await until(lambda: len(seen) == 6)
        await until(lambda: _nothing_parked(house))
        await house.send(TOPIC, [record(again := opened(viewer, version=6))])
        await until(lambda: len(seen) == 7)
    assert seen == [other, first, *later, again]


async def test_discarding_a_dead_letter_lets_those_behind_it_go_on(house: House) -> None:
    viewer = uuid4()
    poison, good = opened(viewer), opened(viewer, version=2)

    async def handler(db: Db, envelope: Envelope) -> None:
        if envelope.id == poison.id:
            raise ValueError
        await effect(db, envelope)

    consumers = house.consumers()
    consumers.replica(ProfileOpen, handler)
    async with running(consumers):
        await house.send(TOPIC, [record(poison), record(good)])
        await until(lambda: _all_committed(house, 2))
        (dead,) = await Parked(house.pool).dead()
        assert await Parked(house.pool).discard(dead.id)
        assert not await Parked(house.pool).discard(dead.id)
        await until(lambda: _nothing_parked(house))
    assert await house.effects() == {good.id: 1}


async def test_too_many_dead_letters_in_a_row_stop_the_consumer(house: House) -> None:
    async def broken(_db: Db, _envelope: Envelope) -> None:
        raise ValueError

    policy = Policy(pause=0.01, outage_pause=0.1, attempts=1, in_a_row=3)
    consumers = house.consumers(policy=policy)
    consumers.replica(ProfileOpen, broken)
    await consumers.ready()
    async with running(consumers):
        await house.send(TOPIC, [record(opened()) for _ in range(10)])
        await until(lambda: _refuses(consumers.ready))
    assert len(await Parked(house.pool).dead()) == 3
    assert await house.committed() <= 3  # the rest is still in the topic

    repaired = house.consumers(policy=policy)
    repaired.replica(ProfileOpen, effect)
    async with running(repaired):
        await until(lambda: _all_committed(house, 10))
        assert len(await house.effects()) == 7
        await Parked(house.pool).ask_retry()
        await until(lambda: _nothing_parked(house))
    assert sorted((await house.effects()).values()) == [1] * 10


async def test_a_success_between_dead_letters_starts_the_count_anew(house: House) -> None:
    async def half(db: Db, envelope: Envelope) -> None:
        if envelope.stream_version == 2:
            raise ValueError
        await effect(db, envelope)

    consumers = house.consumers(policy=replace(QUICK, attempts=1, in_a_row=1))
    consumers.replica(ProfileOpen, half)
    async with running(consumers):
        await house.send(TOPIC, [record(opened(version=n)) for n in (2, 1, 2, 1, 2, 1)])
        await until(lambda: _all_committed(house, 6))
    await consumers.ready()
    assert len(await Parked(house.pool).dead()) == 3


async def test_an_unpublished_event_and_a_second_handler_are_mistakes(house: House) -> None:
    consumers = house.consumers()
    consumers.replica(ProfileOpen, effect)
    with pytest.raises(ValueError, match="already"):
        consumers.replica(ProfileOpen, effect)
    with pytest.raises(ValueError, match="not published"):
        consumers.replica(SeatHold, effect)


async def _all_committed(house: House, count: int) -> bool:
    return await house.committed() == count


async def _nothing_parked(house: House) -> bool:
    return not await house.pool.fetchval("select count(*) from parked")


async def _failed_again(parked: Parked) -> bool:
    (dead,) = await parked.dead()
    return dead.state == "dead" and dead.tries == QUICK.attempts + 1


async def _refuses(check: Check) -> bool:
    try:
        await check()
    except NotReady:
        return True
    return False


async def _put_back(house: House, times: int) -> bool:
    return (REGISTRY.get_sample_value("virtubar_batches_put_back_total", {"service": house.name}) or 0) >= times
