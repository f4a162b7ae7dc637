"""Keys and seats that say something else than the sockets do are found, counted by kind, and mended."""

import asyncio
import random
from typing import Any
from uuid import UUID, uuid4

from prometheus_client import REGISTRY

from clients.python.events import Left
from services.rooms.realtime.presence import members_key, presence_key
from services.rooms.realtime.reconciler import KINDS
from tests.rooms.realtime.bar import Bar, now
from tests.waiting import until

# Nothing but the reconciler looks after the keys, and after visits that ended elsewhere.
ALONE: dict[str, Any] = {"presence_refresh_seconds": 600, "presence_seconds": 600, "beat_seconds": 600}


def drift(node: str, kind: str) -> float:
    return REGISTRY.get_sample_value("virtubar_presence_drift_total", {"node": node, "kind": kind}) or 0.0


async def shown(bar: Bar, room: UUID) -> set[str]:
    return {str(user) for user in await bar.redis.smembers(members_key(room))}


async def test_keys_that_drift_are_counted_by_kind_and_mended(bar: Bar) -> None:
    await bar.node("mends", node_region="me", reconcile_seconds=0.2, **ALONE)
    room = await bar.house.room(region="me")
    ann, bob = await bar.join(room), await bar.join(room)
    everybody = {str(bar.user(ann)), str(bar.user(bob))}
    await until(lambda: _is(bar, room, everybody))
    await bar.redis.srem(members_key(room), str(bar.user(ann)))
    await until(lambda: _is(bar, room, everybody))
    await bar.redis.sadd(members_key(room), str(uuid4()))
    await until(lambda: _is(bar, room, everybody))
    key = presence_key(bar.user(bob))
    socket = str(await bar.redis.hget(key, "socket"))
    await bar.redis.delete(key)
    await until(lambda: _has(bar, key, socket))
    await bar.redis.hset(key, mapping={"socket": "a dead one's", "roomId": str(uuid4())})
    await until(lambda: _has(bar, key, socket))
    assert {kind: drift("mends", kind) for kind in KINDS} == {
        "member_missing": 1, "member_strange": 1, "presence_missing": 1, "presence_strange": 1,
        "seat_over": 0, "seat_unknown": 0,
    }  # fmt: skip


async def test_without_it_they_stay_as_they_are(bar: Bar) -> None:
    await bar.node("lets", node_region="me", reconcile_seconds=3600, **ALONE)
    room = await bar.house.room(region="me")
    ann = await bar.join(room)
    await until(lambda: _is(bar, room, {str(bar.user(ann))}))
    await bar.redis.delete(members_key(room))
    await asyncio.sleep(1.5)  # not a wait for something: nothing is to happen
    assert await shown(bar, room) == set()


async def test_visits_that_ended_elsewhere_are_shown_no_longer_and_strange_seats_are_counted(bar: Bar) -> None:
    await bar.node("knows", node_region="me", reconcile_seconds=0.2, **ALONE)
    room = await bar.house.room(region="me")
    ann, bob = await bar.join(room), await bar.join(room)
    assert bob.welcome
    await bar.house.rooms.visits.leave(bob.welcome.visit, "left", now())
    (left,) = await until(lambda: bar.events(ann, Left))
    assert left.user == bar.user(bob)
    assert drift("knows", "seat_over") == 1
    await bar.house.seat(uuid4(), room, now(), issued_at=now())
    await until(lambda: drift("knows", "seat_unknown"))


async def test_whoever_has_gone_elsewhere_is_that_rooms_to_show(bar: Bar) -> None:
    """Their old socket is still open: nobody has told it yet. A key that was taken back would be of the wrong room."""
    await bar.node("slow", node_region="me", reconcile_seconds=0.1, **ALONE)
    here, there = await bar.house.room(region="me"), await bar.house.room()
    ann = await bar.join(here)
    await until(lambda: _is(bar, here, {str(bar.user(ann))}))
    await bar.join(there, bar.user(ann))
    await until(lambda: _is(bar, there, {str(bar.user(ann))}))
    await until(lambda: drift("slow", "seat_over"))
    assert drift("slow", "presence_strange") == 0
    assert await bar.redis.hget(presence_key(bar.user(ann)), "roomId") == str(there)


async def test_coming_and_going_is_no_drift(bar: Bar) -> None:
    await bar.node("busy", node_region="me", reconcile_seconds=0.02, **ALONE)
    room, dice = await bar.house.room(region="me"), random.Random(3)

    async def visit() -> None:
        for _ in range(3):
            guest = await bar.join(room)
            await asyncio.sleep(dice.uniform(0, 0.2))
            if dice.random() < 0.3:
                guest.cut()
                await asyncio.sleep(dice.uniform(0, 0.3))
            await guest.leave()

    await asyncio.gather(*(visit() for _ in range(8)))
    await until(lambda: _is(bar, room, set()))
    assert {kind: drift("busy", kind) for kind in KINDS} == dict.fromkeys(KINDS, 0)


async def _is(bar: Bar, room: UUID, users: set[str]) -> bool:
    return await shown(bar, room) == users


async def _has(bar: Bar, key: str, socket: str) -> bool:
    return bool(await bar.redis.hget(key, "socket") == socket)
