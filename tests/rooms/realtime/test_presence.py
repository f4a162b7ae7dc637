"""The keys of the specification: as written there, as fresh as promised, rebuilt when they are lost."""

import asyncio
from time import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from clients.python import Visit
from deploy.native.redis import Redis as RedisServer
from services.rooms.realtime import frames
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.limits import Limit, Limits, limit_key
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.presence import Presence, members_key, presence_key, transforms_key
from services.rooms.realtime.room import Guest, Member, Room
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.slots import Slots
from tests.rooms.realtime.bar import Bar, now, raw
from tests.waiting import until


@pytest.fixture
async def room(bar: Bar) -> UUID:
    return await bar.house.room()


async def present(bar: Bar, room: UUID, *visits: Visit) -> bool:
    """Every key shows exactly these people."""
    users = {str(bar.user(visit)) for visit in visits}
    assert await bar.redis.smembers(members_key(room)) == users
    assert set(await bar.redis.hkeys(transforms_key(room))) == users
    for visit in visits:
        seen = await bar.redis.hgetall(presence_key(bar.user(visit)))
        assert seen["roomId"] == str(room)
        assert seen["deviceType"] == "desktop"
        assert abs(int(seen["lastSeen"]) / 1000 - time()) < 5
        assert 0 < await bar.redis.pttl(presence_key(bar.user(visit))) <= 12_000
    return True


async def test_everybody_in_the_room_is_in_the_keys_and_nobody_else(bar: Bar, room: UUID) -> None:
    ann, bob = await bar.join(room), await bar.join(room)
    await until(lambda: present(bar, room, ann, bob))
    await bob.leave()
    await until(lambda: present(bar, room, ann))
    assert not await bar.redis.exists(presence_key(bar.user(bob)))


async def test_the_transforms_are_the_newest_ten_bytes(bar: Bar, room: UUID) -> None:
    ann = await bar.join(room)
    me = ann.roster.me
    assert me
    ann.move(me.x + 50, 0, me.z, yaw=9, animation=2, vx=-5, vz=5)
    expected = frames.body(me.x, 0, me.z, 9, 2, -5, 5)

    async def stored() -> bool:
        binary = bar.redis.connection_pool.connection_kwargs | {"decode_responses": False}
        async with type(bar.redis)(**{k: binary[k] for k in ("host", "port", "username", "password")}) as client:
            return bool(await client.hget(transforms_key(room), str(bar.user(ann))) == expected)

    await until(stored)


async def test_a_lost_redis_is_filled_again_within_seconds(bar: Bar, room: UUID) -> None:
    ann, bob = await bar.join(room), await bar.join(room)
    await until(lambda: present(bar, room, ann, bob))
    await bar.redis.flushall()
    await until(lambda: present(bar, room, ann, bob), within=10)
    assert ann.over is None
    assert (await ann.chat("nothing happened")).offset


async def test_what_another_owner_left_or_wrote_late_is_gone_with_the_next_refresh(bar: Bar, room: UUID) -> None:
    """A node that slept while its room moved writes down its people once more when it wakes."""
    ann, stranger = await bar.join(room), str(uuid4())
    await until(lambda: present(bar, room, ann))
    await bar.redis.sadd(members_key(room), stranger)
    await bar.redis.hset(transforms_key(room), stranger, "10 bytes..")
    await until(lambda: present(bar, room, ann), within=10)


async def test_a_node_without_its_lease_writes_nothing(bar: Bar) -> None:
    await bar.node("asleep", node_region="me", lease_grace_seconds=60)
    room = await bar.house.room(region="me")
    ann = await bar.join(room)
    await until(lambda: present(bar, room, ann))
    async with bar.house.pool.acquire() as db, db.transaction():
        await db.execute("select from nodes for update")  # as if Postgres did not answer
        await until(lambda: _lapsed("asleep"))
        await bar.redis.delete(members_key(room))
        await asyncio.sleep(1)  # several refreshes
        assert not await bar.redis.exists(members_key(room))
    await until(lambda: present(bar, room, ann))


def _lapsed(name: str) -> bool:
    return REGISTRY.get_sample_value("virtubar_realtime_lease_held", {"node": name}) == 0


async def test_the_silent_and_the_cut_off_are_no_longer_members(bar: Bar, room: UUID) -> None:
    ann, body = await bar.join(room), await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        await until(lambda: _count(bar, room, 2))
        await until(lambda: present(bar, room, ann))  # silent
        await guest.send(t="ping", n=1)
        await until(lambda: _count(bar, room, 2))
    await until(lambda: present(bar, room, ann))  # cut off


async def _count(bar: Bar, room: UUID, people: int) -> bool:
    return bool(await bar.redis.scard(members_key(room)) == people)


async def test_sockets_go_on_while_redis_is_away(bar: Bar, redis_server: RedisServer) -> None:
    dead = {"redis_url": "redis://127.0.0.1:1/0", "node_region": "me"}
    await bar.node("without", **dead)
    room = await bar.house.room(region="me")
    ann, bob = await bar.join(room), await bar.join(room)
    assert (await ann.chat("hello")).offset
    await until(lambda: bar.user(bob) in ann.roster.people)
    await bob.leave()
    await until(lambda: bar.user(bob) not in ann.roster.people)


class Seat:
    """A socket as far as Presence looks at it."""

    def __init__(self) -> None:
        self.id = uuid4().hex


def hall_with(user: UUID) -> tuple[Hall, Member]:
    room = Room(uuid4(), 1, "e", FLOORS["lounge"], Pace(), Slots())
    member, _ = room.admit(Guest(user, uuid4(), uuid4(), now(), "web"), now=0)
    return Hall(room, 0.0), member


class Careless(Presence):
    """The one everybody writes first: a socket that goes takes its person's key along."""

    def left(self, hall: Hall, socket: Any, member: Member) -> None:
        self._add(("DEL", presence_key(member.guest.user)))


async def last_words_spare(bar: Bar, old: Presence, new: Presence) -> bool:
    """Somebody has moved to another socket, on another node; then their old one writes, and goes."""
    user = uuid4()
    (old_room, member), (new_room, again) = hall_with(user), hall_with(user)
    before, after = Seat(), Seat()
    old.entered(old_room, before, member)  # type: ignore[arg-type]
    await old.flush()
    new.entered(new_room, after, again)  # type: ignore[arg-type]
    await new.flush()
    old_room.sockets[user] = before  # type: ignore[assignment]
    old._pending += old._whole(old_room, now=0.0)
    old.left(old_room, before, member)  # type: ignore[arg-type]
    await old.flush()
    seen = await bar.redis.hgetall(presence_key(user))
    return (seen.get("roomId"), seen.get("socket")) == (str(new_room.room.room_id), after.id)


async def test_an_old_socket_neither_clears_nor_overwrites_its_successor(bar: Bar, redis_server: RedisServer) -> None:
    """Also from another node, and whatever the order of arrival."""
    assert await last_words_spare(bar, *(Presence(_client(redis_server), NodeSettings()) for _ in range(2)))


async def test_without_the_comparison_the_successor_is_gone(bar: Bar, redis_server: RedisServer) -> None:
    careless, honest = (kind(_client(redis_server), NodeSettings()) for kind in (Careless, Presence))
    assert not await last_words_spare(bar, careless, honest)


def _client(redis_server: RedisServer) -> Any:
    from libs.chassis.redis import connect

    return connect(redis_server.url("rooms"), decode=False)


async def test_counts_are_shared_by_all_nodes(bar: Bar, redis_server: RedisServer) -> None:
    user, at = uuid4(), 1_800_000_000.0
    here, there = (Limits(_client(redis_server), {"chat": Limit(per_minute=10, burst=10)}) for _ in range(2))
    assert [here.take(user, "chat", at) for _ in range(7)] == [0] * 7
    await here.flush(at)
    await there.meet(user, at)
    answers = [there.take(user, "chat", at) for _ in range(5)]
    assert answers[:3] == [0, 0, 0]
    assert all(0 < wait <= 60_000 for wait in answers[3:])
    await there.flush(at)
    key = limit_key(user, "chat", int(at // 60))
    assert key == f"rl:ws:{user}:chat:30000000"
    assert await bar.redis.get(key) == "10"
    assert 0 < await bar.redis.ttl(key) <= 120
    assert there.take(user, "chat", at + 60) == 0  # another minute


async def test_who_has_been_quiet_is_forgotten_though_redis_is_away() -> None:
    from libs.chassis.redis import connect

    async with connect("redis://127.0.0.1:1/0") as nowhere:
        limits, at = Limits(nowhere, {"chat": Limit(10, 10)}), 1_800_000_000.0
        for _ in range(1000):
            limits.take(uuid4(), "chat", at)
        await limits.flush(at)
        assert len(limits._counts) == 1000
        await limits.flush(at + 180)
        assert len(limits._counts) == 0


async def test_a_burst_waits_for_its_tokens() -> None:
    limits = Limits(None, {"chat": Limit(per_minute=60, burst=2)})  # type: ignore[arg-type]
    user = uuid4()
    assert [limits.take(user, "chat", 600.0), limits.take(user, "chat", 600.0)] == [0, 0]
    assert 0 < limits.take(user, "chat", 600.0) <= 1001
    assert limits.take(user, "chat", 601.1) == 0
