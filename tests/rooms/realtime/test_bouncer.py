"""Blocks, mutes and sanctions reach open sockets by Kafka, and new ones by the tables: live, and after a restart."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from redis.asyncio import Redis

from clients.python import Visit
from clients.python.events import Muted, Said, Unmuted, Welcome
from clients.python.frames import Down
from clients.python.problems import Refused
from deploy.native.redis import Redis as RedisServer
from libs.safety.pairs import pair_stream
from libs.safety.replica import PAIRS
from services.rooms.realtime.bouncer import Bouncer
from tests.rooms.api import Issuer
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB
from tests.rooms.realtime.bar import Bar, Running, now, opening, raw
from tests.rooms.realtime.others import Others
from tests.rooms.realtime.views import Floor, block, mute, unblock, unmute
from tests.rooms.safety import imposed, lifted, told
from tests.stack import KafkaServer
from tests.waiting import until

SOON = 20  # seconds; how soon is a benchmark's to measure
SLOWER = {"catch_up_seconds": 30.0, "away_seconds": 60.0, "silence_seconds": 120.0, "safety_seconds": 3600.0}


@pytest.fixture
async def others(kafka: KafkaServer) -> Others:
    await kafka.furnish()
    return Others(kafka)


@pytest.fixture
async def live(
    live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer, kafka: KafkaServer
) -> AsyncIterator[Bar]:
    """API, relay and consumers with Kafka between them; nodes are the test's."""
    await kafka.furnish()
    roles, url = ("relay", "consumers"), redis_server.url("rooms")
    async with opening(live_house, issuer, redis, url, kafka.url_of("rooms"), *roles, **SLOWER) as made:
        yield made


def people(visit: Visit) -> set[UUID]:
    return set(visit.roster.people)


def heard(bar: Bar, visit: Visit) -> list[str]:
    return [said.text for said in bar.events(visit, Said)]


async def refused(visit: Visit, text: str = "hm") -> str:
    with pytest.raises(Refused) as no:
        await visit.chat(text)
    return str(no.value.slug)


async def restarted(bar: Bar, node: Running, *visits: Visit) -> None:
    """The node's process gone, another in its place; these visits have come back by themselves."""
    before = {visit: len(bar.events(visit, Welcome)) for visit in visits}
    await node.end()
    node.forget()
    await bar.node()
    await until(lambda: all(len(bar.events(visit, Welcome)) > before[visit] for visit in visits), within=60)


async def test_who_is_blocked_disappears_for_both_and_stays_away_over_a_restart(live: Bar, others: Others) -> None:
    node, room = await live.node(), await live.house.room()
    ann, bob, cem = [await live.join(room) for _ in range(3)]
    a, b, c = [live.user(visit) for visit in (ann, bob, cem)]
    await until(lambda: people(ann) == people(bob) == people(cem) == {a, b, c})
    await others.say(block(b, a))
    await until(lambda: people(ann) == {a, c} and people(bob) == {b, c}, within=SOON)
    assert people(cem) == {a, b, c}
    frames = len(live.events(bob, Down))
    for visit, text in ((ann, "ann speaks"), (bob, "bob speaks"), (cem, "cem speaks")):
        assert (await visit.chat(text)).offset
    await until(lambda: len(heard(live, cem)) == 3)
    assert (heard(live, ann), heard(live, bob)) == (["ann speaks", "cem speaks"], ["bob speaks", "cem speaks"])
    assert ann.move(ann.roster.me.x + 50, 0, ann.roster.me.z)  # type: ignore[union-attr]
    slot = cem.roster.people[a].slot
    x = ann.roster.people[a].x
    await until(lambda: cem.roster.people[a].x == x)
    assert not any(record.slot == slot for down in live.events(bob, Down)[frames:] for record in down.records)
    await restarted(live, node, ann, bob, cem)
    await until(lambda: (people(ann), people(bob), people(cem)) == ({a, c}, {b, c}, {a, b, c}), within=SOON)
    newcomer = await live.join(room, b)  # on another device's socket
    assert people(newcomer) == {b, c}
    await others.say(unblock(b, a))
    await until(lambda: people(ann) == {a, b, c} and people(newcomer) == {a, b, c}, within=SOON)


async def test_a_mute_of_ones_own_stops_words_and_leaves_the_avatar(live: Bar, others: Others) -> None:
    await live.node()
    room = await live.house.room()
    ann, bob = [await live.join(room) for _ in range(2)]
    a, b = live.user(ann), live.user(bob)
    await until(lambda: people(ann) == people(bob) == {a, b})
    await others.say(mute(b, a), block(uuid4(), a))  # the second: somebody who is not here

    async def unheard() -> bool:
        asked = await ann.chat("can you hear me?")
        return not await said_by(live, bob, asked.offset)

    await until(unheard, within=SOON)
    assert people(bob) == {a, b}
    assert (await bob.chat("I can speak")).offset
    await until(lambda: "I can speak" in heard(live, ann))
    await others.say(unmute(b, a))

    async def heard_again() -> bool:
        asked = await ann.chat("and now?")
        return await said_by(live, bob, asked.offset)

    await until(heard_again, within=SOON)


async def said_by(bar: Bar, visit: Visit, offset: int | None) -> bool:
    """Whether a message reached this visit, once it has heard something later."""
    later = await visit.chat("mm")
    await until(lambda: any(said.offset == later.offset for said in bar.events(visit, Said)))
    return any(said.offset == offset for said in bar.events(visit, Said))


async def test_a_mute_by_the_house_is_told_to_the_room_and_ends_at_its_time(live: Bar, others: Others) -> None:
    node, room = await live.node(), await live.house.room()
    ann, bob = [await live.join(room) for _ in range(2)]
    a = live.user(ann)
    sanction = imposed("mute", a)
    await others.say(sanction)
    (mute_,) = await until(lambda: live.events(bob, Muted), within=SOON)
    assert (mute_.user, mute_.scope, mute_.until) == (a, "house", None)
    assert await refused(ann) == "muted"
    await restarted(live, node, ann, bob)
    assert bob.roster.people[a].muted
    assert await refused(ann) == "muted"
    await others.say(lifted(sanction))
    await until(lambda: live.events(bob, Unmuted), within=SOON)
    over = now() + timedelta(seconds=5)
    await others.say(imposed("mute", a, until=over))
    await until(lambda: live.events(bob, Muted)[-1].until == over, within=SOON)
    await until(lambda: len(live.events(bob, Unmuted)) == 2, within=SOON)
    assert now() >= over
    assert (await ann.chat("sorry")).offset
    await until(lambda: "sorry" in heard(live, bob))
    assert "hm" not in heard(live, bob)


async def test_sanctions_close_sockets_and_keep_them_closed(live: Bar, others: Others) -> None:
    node, room, other = await live.node(), await live.house.room(), await live.house.room()
    control, kicked, banned_here, suspended, banned = [await live.join(room) for _ in range(5)]
    users = {visit: live.user(visit) for visit in (kicked, banned_here, suspended, banned)}
    await others.say(
        imposed("kick", users[kicked]),
        imposed("room_ban", users[banned_here], room_id=room),
        imposed("suspend", users[suspended]),
        imposed("ban", users[banned]),
        imposed("kick", live.user(control), room_id=other),
    )
    await until(lambda: all(visit.over for visit in users), within=SOON)
    assert {visit: visit.over and visit.over.code for visit in users} == {
        kicked: 4010,
        banned_here: 4010,
        suspended: 4011,
        banned: 4011,
    }
    await until(lambda: people(control) == {live.user(control)}, within=SOON)
    assert [await last(live, user) for user in users.values()] == ["kicked", "kicked", "sanctioned", "sanctioned"]
    await restarted(live, node, control)

    async def asked(visit: Visit, where: UUID) -> httpx2.Response:
        headers = live.issuer.headers(users[visit])
        return await live.http.post(f"/v1/rooms/{where}/join", json={"device_type": "web"}, headers=headers)

    assert (await asked(kicked, room)).status_code == 200
    for visit, where in ((banned_here, room), (suspended, other), (banned, room)):
        answer = await asked(visit, where)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "room_banned")
    assert (await asked(banned_here, other)).status_code == 200
    assert control.over is None


async def last(bar: Bar, user: UUID) -> Any:
    return (await bar.house.story(user))[-1][1]


async def test_a_node_whose_service_has_heard_nothing_yet_hears_it_itself(
    live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer, kafka: KafkaServer, others: Others
) -> None:
    """The consumers are down: tables and groups stand where they stood. Node and topics are enough."""
    await kafka.furnish()
    async with opening(live_house, issuer, redis, redis_server.url("rooms"), kafka.url_of("rooms"), **SLOWER) as bar:
        room = await bar.house.room()
        ann, bob, cem = uuid4(), uuid4(), uuid4()
        await others.say(block(ann, bob), imposed("ban", cem))
        await bar.node()
        visits = {user: await bar.join(room, user) for user in (ann, bob)}
        assert [people(visit) for visit in visits.values()] == [{ann}, {bob}]
        ticket = await bar.ticket(room, cem)  # the API cannot know yet
        async with raw(ticket["ws_url"]) as guest:
            await guest.send(t="hello", ticket=ticket["ticket"])
            assert await guest.code() == 4011
        await others.say(imposed("suspend", ann))
        over = await until(lambda: visits[ann].over, within=SOON)
        assert over
        assert over.code == 4011
        await until(lambda: _story_ends(bar, ann), within=SOON)


async def _story_ends(bar: Bar, user: UUID) -> bool:
    return bool(await last(bar, user) == "sanctioned")


async def test_who_came_in_before_the_follower_had_caught_up_is_asked_about_again(live_house: House) -> None:
    """Kafka was away: what the group has taken meanwhile the follower will not hear."""
    floor, caught_up = Floor(), asyncio.Event()
    bouncer = Bouncer(live_house.door, floor.halls, None, None)  # type: ignore[arg-type]
    views = [floor.come(user) for user in (ANN, BOB)]
    async with live_house.pool.acquire() as db:
        await PAIRS.apply(db, told(block(ANN, BOB), stream=pair_stream(ANN, BOB)))
    asking = asyncio.create_task(bouncer.run(3600, caught_up))
    try:
        await asyncio.sleep(0)
        assert set(views[0].roster.people) == {ANN, BOB}
        caught_up.set()
        await until(lambda: [set(view.roster.people) for view in views] == [{ANN}, {BOB}])
    finally:
        asking.cancel()


async def test_what_no_topic_told_the_tables_tell(live: Bar) -> None:
    """Retried from the dead letters, say: the node asks again from time to time."""
    await live.node(safety_seconds=0.2)
    room = await live.house.room()
    ann, bob = [await live.join(room) for _ in range(2)]
    a, b = live.user(ann), live.user(bob)
    await until(lambda: people(ann) == people(bob) == {a, b})
    async with live.house.pool.acquire() as db:
        await PAIRS.apply(db, told(block(a, b), 7, stream=pair_stream(a, b)))
    await until(lambda: people(ann) == {a} and people(bob) == {b}, within=SOON)
