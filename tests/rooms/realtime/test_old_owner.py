"""An owner that sleeps (SIGSTOP) while its room moves on, and wakes with its sockets full of what was said since."""

import asyncio
import signal
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
import websockets

from clients.python import frames
from services.rooms.realtime.presence import members_key, transforms_key
from tests.faults.load import LONG
from tests.rooms.realtime.bar import Bar, Raw, raw
from tests.rooms.realtime.processes import node_process
from tests.waiting import until

ASLEEP = 30.0 if LONG else 2.5  # seconds; each longer than the lease
QUICK_LEASE: dict[str, Any] = {"node_lease_seconds": 1.0, "renew_seconds": 0.2, "lease_grace_seconds": 0.3}
PATIENT: dict[str, Any] = {
    "away_seconds": 600,
    "silence_seconds": 600,
    "presence_refresh_seconds": 60,
    "presence_seconds": 120,
    "beat_seconds": 600,
}
DOWN = 2
DURABLE = """
select (select count(*) from events) as events, (select array_agg(s::text order by user_id) from seats s) as seats,
  (select array_agg(g::text) from room_guards g) as guards
"""
pytestmark = pytest.mark.timeout(240 if LONG else 90)


@dataclass
class Woken:
    """What an old owner did when it woke up."""

    wrote: list[str] = field(default_factory=list)  # durable things
    ticked: int = 0  # frames to people who are another node's
    forgot: bool = False  # it took people out of Redis whom the new owner has in view
    goodbyes: set[int] = field(default_factory=set)

    @property
    def harmless(self) -> bool:
        return not (self.wrote or self.ticked or self.forgot)


async def test_an_old_owner_that_wakes_up_writes_nothing_and_shows_nobody_anything(bar: Bar) -> None:
    woken = await wake_up(bar, "services.rooms")
    assert woken.harmless, str(woken)
    assert woken.goodbyes == {1001}, "its people are sent to the new one"


async def test_without_lease_and_fence_it_ends_visits_that_are_another_owners(bar: Bar) -> None:
    """Nor with Redis, whose lane tells an old owner, too."""
    woken = await wake_up(bar, "tests.rooms.realtime.unfenced", redis_url="redis://127.0.0.1:1/0")
    assert woken.wrote
    assert woken.ticked
    assert not woken.harmless


async def wake_up(bar: Bar, module: str, **more: Any) -> Woken:
    """Three people in a room; its node stops, the room comes up elsewhere, one of them moves there, the node wakes."""
    people = ann, bob, cat = [uuid4() for _ in range(3)]
    room = await bar.house.room(region="me")
    async with AsyncExitStack() as stack:
        old = await stack.enter_async_context(node_process(bar, "old", module=module, **QUICK_LEASE, **PATIENT, **more))
        first = {}
        for user in people:
            body = await bar.ticket(room, user)
            first[user] = await stack.enter_async_context(raw(body["ws_url"]))
            await first[user].hello(body["ticket"])
        await asyncio.gather(*map(quiet, first.values()))
        old.send_signal(signal.SIGSTOP)
        await asyncio.gather(*map(quiet, first.values()))  # of what it said until then
        asleep = asyncio.get_running_loop().time()
        await until(lambda: _lease_over(bar), what="the old lease's end")
        await bar.node("heir", node_region="me", **QUICK_LEASE, **PATIENT)
        moved = await bar.http.post(f"/v1/rooms/{room}/ticket", headers=bar.issuer.headers(cat))
        second = await stack.enter_async_context(raw(moved.json()["ws_url"]))
        await second.hello(moved.json()["ticket"])
        await until(lambda: _shows(bar, room, cat))
        await first[ann].send(t="leave", cid="bye")
        for n in range(1, 20):
            await first[bob].socket.send(frames.up(seq=n, x=3000 + n, y=0, z=2000))
        await first[bob].send(t="chat", cid="hi", text="anybody here?")
        first[cat].socket.transport.abort()
        await asyncio.sleep(max(0.0, asleep + ASLEEP - asyncio.get_running_loop().time()))
        before = await durable(bar)
        old.send_signal(signal.SIGCONT)
        woken = await watch(bar, room, cat, [first[ann], first[bob]])
        after = await durable(bar)
        woken.wrote = [name for name in before if before[name] != after[name]]
        assert await bar.house.pool.fetchval("select owner_node from room_guards where room_id = $1", room) == "heir"
        return woken


async def watch(bar: Bar, room: UUID, there: UUID, sockets: list[Raw]) -> Woken:
    """Until the old owner has let everybody go, or has had every chance to."""
    woken = Woken()

    async def listen(socket: Raw) -> None:
        with suppress(websockets.ConnectionClosed, TimeoutError):
            async with asyncio.timeout(5):
                while True:
                    frame = await socket.socket.recv()
                    woken.ticked += isinstance(frame, bytes) and frame[0] == DOWN
        if socket.socket.close_code:
            woken.goodbyes.add(socket.socket.close_code)

    listening = asyncio.gather(*map(listen, sockets))
    while not listening.done():
        woken.forgot |= not await _shows(bar, room, there)
        await asyncio.sleep(0.02)
    await listening
    return woken


async def durable(bar: Bar) -> dict[str, Any]:
    row = await bar.house.pool.fetchrow(DURABLE)
    assert row
    return dict(row)


async def _shows(bar: Bar, room: UUID, user: UUID) -> bool:
    member = await bar.redis.sismember(members_key(room), str(user))
    return bool(member) and bool(await bar.redis.hexists(transforms_key(room), str(user)))


async def _lease_over(bar: Bar) -> bool:
    return not await bar.has_lease("old")


async def quiet(socket: Raw) -> None:
    """Read until nothing has come for a while."""
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0.5):
                await socket.socket.recv()
