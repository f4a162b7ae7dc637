"""Records that are no events of ours, or not yet: in the DLQ with the reason, and the next one is taken."""

import random
from dataclasses import replace
from typing import Any

import pytest
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from prometheus_client import REGISTRY

from libs.chassis.consumers import Parked
from libs.chassis.consumers.subscription import login
from libs.chassis.kafka import create_topics
from libs.contracts.catalogue import dlq_of
from libs.contracts.social import ProfileOpen
from tests.libs.chassis.house import QUICK, House, Record, effect, fresh_topics, opened, record, running
from tests.stack import KafkaServer
from tests.waiting import until

TOPIC = ProfileOpen.NAME
FUTURE = b"https://virtubar.dev/schemas/profile_open/99"


def poisons() -> dict[str, Record]:
    """By a word of the reason that is given."""
    return {
        "not JSON": record(opened(), value=b"{"),
        "not a JSON object": record(opened(), value=b"[1]"),
        "no value": record(opened(), value=None),
        "from the future": record(opened(), ce_dataschema=FUTURE),
        "does not fit": record(opened(), value=b'{"viewer_user_id": 7}'),
        "ce_id is not a UUID": record(opened(), ce_id=None),
        "not UTF-8": record(opened(), ce_subject=b"\xff\xfe"),
        "no business": record(
            opened(), ce_type=b"mute_user", ce_dataschema=b"https://virtubar.dev/schemas/mute_user/1"
        ),
        "ce_id is not UTF-8": (None, b"\x00\xff not ours at all", [("ce_id", b"\xff"), ("x", None), ("y", b"\xfe")]),
    }


async def test_poison_goes_to_the_dlq_with_its_reason_and_the_next_event_is_taken(house: House) -> None:
    bad = poisons()
    good = [opened() for _ in range(len(bad) + 1)]
    mixed = [record(good[0])]
    for poison, event in zip(bad.values(), good[1:], strict=True):
        mixed += [poison, record(event)]
    consumers = house.consumers()
    consumers.replica(ProfileOpen, effect)
    async with running(consumers):
        await house.send(TOPIC, mixed)
        await until(lambda: _committed(house, len(mixed)))
    assert await house.effects() == {each.id: 1 for each in good}

    letters = await house.dead_letters()
    assert [each.value for each in letters] == [value for _, value, _ in bad.values()]
    for letter, reason, offset in zip(letters, bad, range(1, 99, 2), strict=False):
        told = dict(letter.headers)
        assert reason in told["dlq_reason"].decode()
        assert told["dlq_kind"] == b"contract"
        assert (told["dlq_topic"], told["dlq_partition"], told["dlq_offset"]) == (TOPIC.encode(), b"0", b"%d" % offset)
        assert told["dlq_tries"] == b"1"
        assert told["dlq_service"].decode() == house.name
        assert b"T" in told["dlq_first_seen"]
    assert len(await Parked(house.pool).dead()) == len(bad)


@pytest.mark.faults
async def test_a_flood_of_poison_among_good_events_loses_none_of_either(house: House) -> None:
    dice = random.Random(7)
    good = [opened() for _ in range(3_000)]
    mixed = [record(each) for each in good] + [_garbage(dice) for _ in range(1_500)]
    dice.shuffle(mixed)
    consumers = house.consumers(policy=replace(QUICK, in_a_row=1_000_000))
    consumers.replica(ProfileOpen, effect)
    async with running(consumers):
        await house.send(TOPIC, mixed)
        await until(lambda: _committed(house, len(mixed)), 200)
    effects, dead = await house.effects(), await Parked(house.pool).dead()
    assert effects == {each.id: 1 for each in good}
    assert len(dead) == 1_500
    assert len(await house.dead_letters()) == 1_500


async def test_nothing_waits_behind_what_is_no_event(house: House) -> None:
    event = opened()
    consumers = house.consumers()
    consumers.replica(ProfileOpen, effect)
    async with running(consumers):
        await house.send(TOPIC, [record(event, value=b"{"), record(event)])
        await until(lambda: _committed(house, 2))
    assert await house.effects() == {event.id: 1}


async def test_an_event_from_the_future_keeps_its_place(house: House) -> None:
    early = opened()
    late = opened(early.subject, version=2)
    consumers = house.consumers()
    consumers.replica(ProfileOpen, effect)
    async with running(consumers):
        await house.send(TOPIC, [record(early, ce_dataschema=FUTURE), record(late)])
        await until(lambda: _committed(house, 2))
        (dead,) = await Parked(house.pool).dead()
        assert dead.behind == 1
        await Parked(house.pool).ask_retry()
        await until(lambda: _tried_again(house))  # still too new for this program
    assert await house.effects() == {}


async def test_a_record_as_large_as_a_record_may_be_is_parked_whole(house: House) -> None:
    _, _, headers = record(opened())
    huge = b"x" * (1024 * 1024 - 1000)
    consumers = house.consumers()
    consumers.replica(ProfileOpen, effect)
    async with running(consumers):
        await house.send(TOPIC, [(None, huge, headers)])
        await until(lambda: _committed(house, 1))
    (dead,) = await Parked(house.pool).dead()
    assert dead.letter.value == huge
    assert len(await house.dead_letters()) == 1


async def test_without_a_dlq_the_partition_waits_and_nothing_is_committed(house: House, kafka: KafkaServer) -> None:
    await fresh_topics(kafka, [TOPIC])  # no DLQ
    event = opened()
    consumers = house.consumers()
    consumers.replica(ProfileOpen, effect)
    async with running(consumers):
        await house.send(TOPIC, [record(opened(), value=b"{"), record(event)])
        await until(lambda: _put_back(house, 1))
        assert await house.committed() == 0
        assert await Parked(house.pool).dead() == []
        await _add_dlq(house)
        await until(lambda: _committed(house, 2))
    assert await house.effects() == {event.id: 1}
    assert len(await Parked(house.pool).dead()) == 1


@pytest.mark.parametrize("policy", [AckPolicy.ACK_FIRST, AckPolicy.ACK])
async def test_control_what_fails_is_committed_by_a_subscriber_left_to_itself(house: House, policy: AckPolicy) -> None:
    """The same checker, `nothing is committed while it fails`, finds FastStream's own policies out."""
    calls = await _left_to_itself(house, record(opened()), policy)
    assert calls == 1
    assert await house.committed() == 1


async def test_control_a_nack_alone_spins_and_never_gets_past_the_poison(house: House) -> None:
    calls = await _left_to_itself(house, record(opened()), AckPolicy.NACK_ON_ERROR, calls_wanted=50)
    assert calls >= 50
    assert await house.committed() == 0


async def test_control_a_null_header_never_reaches_a_handler_of_faststreams_own(house: House) -> None:
    key, value, headers = record(opened())
    calls = await _left_to_itself(house, (key, value, [*headers, ("x", None)]), AckPolicy.ACK_FIRST, calls_wanted=0)
    assert calls == 0  # nobody saw it,
    assert await house.committed() == 1  # and it is gone


async def _left_to_itself(house: House, poison: Record, policy: AckPolicy, *, calls_wanted: int = 1) -> int:
    """How often a handler that raises was called, when that was `calls_wanted` times and, but for a nack, committed."""
    broker = KafkaBroker(house.kafka.bootstrap, security=login(house.kafka), apply_types=False, logger=None)
    calls = 0

    async def handler(_: Any) -> None:
        nonlocal calls
        calls += 1
        raise ValueError

    broker.subscriber(TOPIC, group_id=house.name, auto_offset_reset="earliest", ack_policy=policy)(handler)
    await house.send(TOPIC, [poison])
    await broker.start()
    try:
        await until(lambda: calls >= calls_wanted)
        if policy is not AckPolicy.NACK_ON_ERROR:
            await until(lambda: _committed(house, 1))
    finally:
        await broker.stop()
    return calls


def _garbage(dice: random.Random) -> Record:
    """A good record with one part spoilt: never an event, whatever else."""
    key, value, headers = record(opened())
    spoilt = dice.choice([b"\xff\xfe", None, b"", b"\x00", b"nonsense", b"99999999999999999999"])
    needed = [name for name, _ in headers if name.startswith("ce_")]
    name = dice.choice([*needed, "value"])
    if name == "value":
        return key, dice.randbytes(dice.randint(1, 200)), headers
    return key, value, [(each, spoilt if each == name else content) for each, content in headers]


async def _add_dlq(house: House) -> None:
    await create_topics(house.kafka, {dlq_of(house.name): None}, replication=1)


async def _committed(house: House, count: int) -> bool:
    return await house.committed() == count


async def _tried_again(house: House) -> bool:
    (dead,) = await Parked(house.pool).dead()
    return dead.state == "dead" and dead.tries == 2


async def _put_back(house: House, times: int) -> bool:
    return (REGISTRY.get_sample_value("virtubar_batches_put_back_total", {"service": house.name}) or 0) >= times
