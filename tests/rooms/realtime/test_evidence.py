"""What a room's owner saw is sealed when somebody is reported: once, whole or honestly partial, whoever dies of it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from libs.contracts.identity import UserDelete
from libs.contracts.rooms import EvidenceSeal
from libs.contracts.social import BlockUser
from libs.eventstore.keys import SubjectKey
from libs.evidence.seal import Unopened, unseal
from libs.evidence.shelf import Shelf
from services.rooms.deciders.evidence import EVIDENCE, evidence_stream
from services.rooms.evidence.sealings import WANT
from services.rooms.realtime.trail import forget, trail
from tests.libs.evidence.buckets import bucket
from tests.rooms.api import Issuer
from tests.rooms.house import House
from tests.rooms.realtime.bar import Bar, now, opening
from tests.rooms.realtime.conftest import NO_KAFKA
from tests.rooms.realtime.others import Others
from tests.rooms.realtime.processes import node_process
from tests.rooms.realtime.sealing import Case, objects, opened, said, sealed_once, seals
from tests.stack import KafkaServer
from tests.waiting import until

SOON = 30  # seconds
LOOKING = {"evidence_look_seconds": 0.1}


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
async def live(
    live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer, kafka: KafkaServer, box: Path
) -> AsyncIterator[Bar]:
    """API, relay and consumers with Kafka between them, and one node."""
    await kafka.furnish()
    slower: dict[str, Any] = {"catch_up_seconds": 30.0, "away_seconds": 60.0, "silence_seconds": 120.0, **LOOKING}
    slower["evidence_url"] = f"file://{box}"
    roles, url = ("relay", "consumers"), redis_server.url("rooms")
    async with opening(live_house, issuer, redis, url, kafka.url, *roles, **slower) as made:
        await made.node()
        yield made


@pytest.fixture
async def quiet(
    live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer, box: Path
) -> AsyncIterator[Bar]:
    """Without Kafka, and without a node so far: what is to be sealed is on the list."""
    settings: dict[str, Any] = {"evidence_url": f"file://{box}", **LOOKING}
    async with opening(live_house, issuer, redis, redis_server.url("rooms"), NO_KAFKA, **settings) as made:
        yield made


async def listed(bar: Bar, case: Case, room: UUID) -> None:
    """As the consumer writes it down."""
    event = case.event
    await bar.house.pool.execute(WANT, case.id, room, event.reported_user_id, event.evidence_key, now())


async def test_what_was_said_and_where_they_stood_is_sealed_for_the_case_alone(live: Bar, kafka: KafkaServer) -> None:
    room, others = await live.house.room(), Others(kafka)
    ann, bob, cat = [await live.join(room) for _ in range(3)]
    await bob.chat("boo!")
    await others.say(BlockUser(blocker_user_id=live.user(ann), blocked_user_id=live.user(bob)))
    await until(lambda: live.user(bob) not in ann.roster.people, within=SOON)
    await bob.chat("nobody likes you")  # Ann does not hear it any more: it was said all the same
    assert bob.move(500, 0, 500)
    case = Case(live.user(bob), room)
    await until(lambda: has_stood(live, room, live.user(bob)), within=SOON)
    await others.say(case.event)
    await until(lambda: sealed_once(live, case), within=SOON)
    document = await opened(live, case)
    assert said(document) == ["boo!", "nobody likes you"]
    assert document["reported_user_id"] == str(live.user(bob))
    assert set(document["people"]) == {str(live.user(each)) for each in (ann, bob, cat)}
    assert str(case.event.reporter_user_id) not in str(document), "who reported is not in there"
    stood = [row for sample in document["positions"] for row in sample["people"]]
    assert document["people"].index(str(live.user(bob))) in [row[0] for row in stood]
    (seal,) = (await seals(live))[case.id]
    assert (seal.room_id, seal.to - seal.from_ <= timedelta(seconds=120)) == (room, True)
    sealed = await Shelf(live.settings["evidence_url"]).get(case.id, seal.sha256)
    assert sealed
    assert b"nobody" not in sealed
    with pytest.raises(Unopened):
        unseal(sealed, SubjectKey(b"x" * 32).recipient(), case.id)


async def has_stood(bar: Bar, room: UUID, user: UUID) -> bool:
    async with Redis.from_url(bar.settings["redis_url"]) as redis:
        return any(user.bytes == who for sample in await trail(redis, room) for who, _ in sample.people())


async def test_a_report_that_names_no_room_is_about_where_they_sit_and_some_sit_nowhere(
    live: Bar, kafka: KafkaServer
) -> None:
    room, others = await live.house.room(), Others(kafka)
    bob = await live.join(room)
    await bob.chat("boo!")
    nowhere, elsewhere = Case(uuid4()), Case(uuid4(), room)
    case = Case(live.user(bob))
    await others.say(nowhere.event, elsewhere.event, case.event)
    await until(lambda: sealed_once(live, case), within=SOON)
    await until(lambda: nothing_left(live, room), within=SOON)
    assert not (await seals(live)).keys() & {nowhere.id, elsewhere.id}
    assert said(await opened(live, case)) == ["boo!"]


async def nothing_left(bar: Bar, room: UUID) -> bool:
    """On the list, of this room: Kafka remembers what other tests have said of theirs."""
    return not await bar.house.pool.fetchval("select exists (select from sealings where room_id = $1)", room)


async def test_however_often_a_report_is_told_it_is_sealed_once(live: Bar, kafka: KafkaServer, box: Path) -> None:
    await live.node("node-2")
    room, others = await live.house.room(), Others(kafka)
    bob = await live.join(room)
    cases = [Case(live.user(bob), room) for _ in range(5)]
    for _ in range(4):
        await bob.chat("boo!")
        await others.say(*(case.event for case in cases))
    await until(lambda: sealed_once(live, *cases), within=SOON)
    last = Case(live.user(bob), room)
    await others.say(last.event)
    await until(lambda: sealed_once(live, last), within=SOON)
    await until(lambda: nothing_left(live, room), within=SOON)
    assert await sealed_once(live, *cases)
    assert {len(objects(box, case)) for case in cases} == {1}


async def test_control_who_seals_without_looking_seals_twice(quiet: Bar) -> None:
    """The checker tells a door that asks the report's stream from one that does not."""
    case = Case(uuid4(), await quiet.house.room())
    for _ in range(2):
        stream = evidence_stream(case.id)
        seal = EvidenceSeal(report_id=case.id, room_id=uuid4(), sha256="1f" * 32, from_=now(), to=now())

        async def work(unit: Any, stream: str = stream, seal: EvidenceSeal = seal) -> None:
            await unit.append(EVIDENCE, await unit.load(EVIDENCE, stream), [seal])

        await quiet.house.store.run(work, at=now())
    assert not await sealed_once(quiet, case)


async def test_a_node_that_was_killed_over_it_leaves_it_to_the_next_owner(quiet: Bar, box: Path) -> None:
    """The first one cannot reach the shelf, and dies; what it saw is in Redis."""
    room, broken = await quiet.house.room(region="me"), box.with_name("broken")
    broken.mkdir()
    (broken / "sealed").write_text("no folder")
    async with node_process(quiet, "doomed", evidence_url=f"file://{broken}", node_lease_seconds=3.0) as doomed:
        bob = await quiet.join(room)
        await bob.chat("boo!")
        await until(lambda: has_stood(quiet, room, quiet.user(bob)), within=SOON)
        case = Case(quiet.user(bob), room)
        await listed(quiet, case, room)
        taken = "select exists (select from sealings where taken_until is not null)"
        await until(lambda: quiet.house.pool.fetchval(taken), within=SOON)
        doomed.kill()
        await doomed.wait()
        await quiet.node("heir", node_region="me")
        await until(lambda: quiet.house.pool.fetchval("select count(*) from room_guards where owner_node = 'heir'"), 60)
        await quiet.house.pool.execute("update sealings set taken_until = null")
        await until(lambda: sealed_once(quiet, case), within=60)
    document = await opened(quiet, case)
    assert said(document) == ["boo!"]
    assert document["positions"]
    assert len(objects(box, case)) == 1


async def test_a_room_that_nobody_has_any_more_is_sealed_by_anybody(quiet: Bar) -> None:
    first = await quiet.node()
    room = await quiet.house.room()
    bob = await quiet.join(room)
    await bob.chat("boo!")
    user = quiet.user(bob)
    await until(lambda: has_stood(quiet, room, user), within=SOON)
    await bob.leave()
    await first.end()
    case = Case(user, room)
    await listed(quiet, case, room)
    await quiet.node("another")
    await until(lambda: sealed_once(quiet, case), within=SOON)
    document = await opened(quiet, case)
    assert said(document) == ["boo!"]
    assert document["facts"][-1]["told"]["t"] == "leave"


async def test_what_redis_has_lost_is_not_made_up(quiet: Bar) -> None:
    first = await quiet.node()
    room = await quiet.house.room()
    bob = await quiet.join(room)
    await bob.chat("boo!")
    await first.end()
    await quiet.redis.flushall()
    await quiet.node("another")
    case = Case(quiet.user(bob), room)
    await until(lambda: has_stood(quiet, room, quiet.user(bob)), within=SOON)
    await listed(quiet, case, room)
    await until(lambda: sealed_once(quiet, case), within=SOON)
    document = await opened(quiet, case)
    assert not document["complete"]
    assert document["from"] > document["asked_from"]
    assert said(document) == []


async def test_whoever_is_erased_leaves_the_ring_at_once_and_not_what_is_sealed(live: Bar, kafka: KafkaServer) -> None:
    room, others = await live.house.room(), Others(kafka)
    ann, bob = [await live.join(room) for _ in range(2)]
    await bob.chat("boo!")
    await until(lambda: has_stood(live, room, live.user(bob)), within=SOON)
    before = Case(live.user(bob), room)
    await others.say(before.event)
    await until(lambda: sealed_once(live, before), within=SOON)
    await others.say(UserDelete(user_id=live.user(bob)))

    async def forgotten() -> bool:
        return not await has_stood(live, room, live.user(bob))

    await until(forgotten, within=SOON)
    await until(lambda: has_stood(live, room, live.user(ann)), within=SOON)
    after = Case(live.user(ann), room)
    await others.say(after.event)
    await until(lambda: sealed_once(live, after), within=SOON)
    assert said(await opened(live, before)) == ["boo!"]
    document = await opened(live, after)
    assert said(document) == []
    stood = {row[0] for sample in document["positions"] for row in sample["people"]}
    assert stood == {document["people"].index(str(live.user(ann)))}


async def test_whoever_is_erased_leaves_rooms_that_nobody_has(quiet: Bar) -> None:
    first = await quiet.node()
    room = await quiet.house.room()
    ann, bob = [await quiet.join(room) for _ in range(2)]
    await until(lambda: has_stood(quiet, room, quiet.user(ann)), within=SOON)
    await until(lambda: has_stood(quiet, room, quiet.user(bob)), within=SOON)
    await first.end()
    async with Redis.from_url(quiet.settings["redis_url"]) as redis:
        assert await forget(redis, room, quiet.user(bob), 600)
        assert not await forget(redis, room, quiet.user(bob), 600)
    assert not await has_stood(quiet, room, quiet.user(bob))
    assert await has_stood(quiet, room, quiet.user(ann))


async def test_a_bucket_is_a_shelf_as_well(quiet: Bar, monkeypatch: pytest.MonkeyPatch) -> None:
    with bucket() as (url, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        quiet.settings["evidence_url"] = url
        await quiet.node()
        room = await quiet.house.room()
        bob = await quiet.join(room)
        await bob.chat("boo!")
        case = Case(quiet.user(bob), room)
        await listed(quiet, case, room)
        await until(lambda: sealed_once(quiet, case), within=SOON)
        assert said(await opened(quiet, case)) == ["boo!"]


async def test_a_report_that_cannot_be_sealed_takes_nobody_down(quiet: Bar) -> None:
    """A point on the curve that shares its secret with everybody: no case has such a key."""
    node = await quiet.node()
    room = await quiet.house.room()
    bob = await quiet.join(room)
    broken, case = Case(quiet.user(bob), room), Case(quiet.user(bob), room)
    broken.event = broken.event.model_copy(update={"evidence_key": "A" * 43})
    await listed(quiet, broken, room)
    await listed(quiet, case, room)
    await until(lambda: sealed_once(quiet, case), within=SOON)
    tried = "select taken_until is not null from sealings where report_id = $1"
    await until(lambda: quiet.house.pool.fetchval(tried, broken.id), within=SOON)
    assert node.check()
    assert broken.id not in await seals(quiet)


async def test_a_shelf_that_was_away_is_asked_again(quiet: Bar, box: Path) -> None:
    box.mkdir()
    (box / "sealed").write_text("no folder")
    await quiet.node()
    room = await quiet.house.room()
    bob = await quiet.join(room)
    case = Case(quiet.user(bob), room)
    await listed(quiet, case, room)
    await until(lambda: quiet.house.pool.fetchval("select taken_until is not null from sealings"), within=SOON)
    assert not await sealed_once(quiet, case)
    (box / "sealed").unlink()
    await quiet.house.pool.execute("update sealings set taken_until = null")
    await until(lambda: sealed_once(quiet, case), within=SOON)
