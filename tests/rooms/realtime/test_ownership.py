"""One owner per room: what a node may do without its lease, and where its people go."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from clients.python.events import Drain, Reconnecting, Said, Welcome
from services.rooms.node_door import NodeReplaced
from tests.rooms.realtime.bar import Bar, now, raw
from tests.waiting import until

OWNER = "select owner_node from room_guards where room_id = $1"
TAKEN_OVER = """
update room_guards set owner_node = 'another', owner_incarnation = 1, fence = fence + 1 where room_id = $1
"""
LATE = """
insert into nodes (node_id, incarnation, url, region, load, accepting, lease_until)
values ('another', 1, 'ws://127.0.0.1:1', 'eu', 0, true, clock_timestamp() + interval '1 hour')
"""


async def events(bar: Bar) -> int:
    counted: int = await bar.house.pool.fetchval("select count(*) from events")
    return counted


async def test_a_stale_owner_writes_nothing_and_sends_its_people_away(bar: Bar) -> None:
    """The fence was raised behind its back. The control: the same words end a visit while the fence is its own."""
    room, control = await bar.house.room(), await bar.house.room()
    stale, honest = await bar.ticket(room), await bar.ticket(control)
    async with raw(stale["ws_url"]) as guest, raw(honest["ws_url"]) as other:
        await guest.hello(stale["ticket"])
        await other.hello(honest["ticket"])
        await bar.house.pool.execute(LATE)
        before = await events(bar)
        await bar.house.pool.execute(TAKEN_OVER, room)
        await guest.send(t="leave", cid="bye")
        assert await guest.code() == 1001
        assert await events(bar) == before
        assert await bar.house.occupied(room) == 1
        await other.send(t="leave", cid="bye")
        assert await other.code() == 1000
        assert await events(bar) == before + 1


async def test_an_owner_learns_of_its_loss_within_a_second_without_being_asked(bar: Bar) -> None:
    room = await bar.house.room()
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        await bar.house.pool.execute(TAKEN_OVER, room)
        await guest.told("drain")
        assert await guest.code() == 1001


async def test_a_node_that_cannot_renew_stops_ticking_then_sends_people_elsewhere(bar: Bar) -> None:
    """Its row is locked, as if Postgres did not answer; when it answers again the node goes on by itself."""
    room = await bar.house.room()
    ann = await bar.join(room)
    async with bar.house.pool.acquire() as db, db.transaction():
        await db.execute("select from nodes for update")
        await until(lambda: bar.events(ann, Drain))
        assert bar.events(ann, Reconnecting)[0].code == 1001
    await until(lambda: len(bar.events(ann, Welcome)) == 2)
    assert (await ann.chat("back")).offset
    assert [name for name, _ in await bar.house.story(bar.user(ann))] == ["seat_hold", "room_join"]


async def test_an_empty_room_is_given_up_and_comes_up_wherever_it_is_asked_for(bar: Bar) -> None:
    await bar.node("quiet", node_region="me", empty_seconds=1.0)
    room = await bar.house.room(region="me")
    ann = await bar.join(room)
    assert await bar.house.pool.fetchval(OWNER, room) == "quiet"
    await ann.leave()
    await until(lambda: _unowned(bar, room))
    bob = await bar.join(room)
    assert (await bob.chat("anybody here?")).offset


async def _unowned(bar: Bar, room: UUID) -> bool:
    return await bar.house.pool.fetchval(OWNER, room) is None


async def test_a_node_whose_name_was_taken_stops(bar: Bar) -> None:
    old = await bar.node("twin", node_region="me")
    await bar.house.door.register("twin", "ws://127.0.0.1:1", "me")

    async def died() -> bool:
        try:
            return not old.check()
        except NodeReplaced:
            return True

    await until(died)
    old.forget()


async def test_a_node_that_stops_hands_its_people_to_another(bar: Bar) -> None:
    """Handover is a resume: the same visit, another node, nobody left and came."""
    first = await bar.node("first", node_region="me")
    room = await bar.house.room(region="me")
    ann, bob = await bar.join(room), await bar.join(room)
    await bar.node("second", node_region="me")
    await first.end()
    await until(lambda: all(len(bar.events(visit, Welcome)) == 2 for visit in (ann, bob)))
    for visit in (ann, bob):
        assert bar.events(visit, Welcome)[0].visit == bar.events(visit, Welcome)[1].visit
        assert bar.events(visit, Reconnecting)[0].code == 1001
    assert await bar.house.pool.fetchval(OWNER, room) == "second"
    await until(lambda: not any(person.away for person in ann.roster.people.values()))
    await bob.chat("here we are")
    await until(lambda: bar.events(ann, Said))
    assert [name for name, _ in await bar.house.story(bar.user(ann))] == ["seat_hold", "room_join"]


async def test_a_killed_node_loses_nobody_who_comes_back(bar: Bar) -> None:
    """kill -9. Whoever returns finds the seat on another node; whoever does not is swept out once."""
    async with process(bar, "doomed") as doomed:
        room = await bar.house.room(region="me")
        ann = await bar.join(room)
        lost = await bar.ticket(room, absent := uuid4())
        async with raw(lost["ws_url"]) as guest:
            await guest.hello(lost["ticket"])
            await bar.node("heir", node_region="me")
            doomed.kill()
            await doomed.wait()
    await until(lambda: len(bar.events(ann, Welcome)) == 2)
    assert await bar.house.pool.fetchval(OWNER, room) == "heir"
    await until(lambda: (person := ann.roster.people.get(absent)) is None or person.away)  # or swept out by now
    sweeping = asyncio.create_task(sweep(bar))
    await until(lambda: _story_ends(bar, absent))
    sweeping.cancel()
    assert await bar.house.story(absent) == [("seat_hold", None), ("room_join", None), ("room_leave", "expired")]
    await until(lambda: absent not in ann.roster.people)
    assert await bar.house.occupied(room) == 1


async def test_a_sleeping_node_blames_nobody_else_for_its_sleep(bar: Bar) -> None:
    """SIGSTOP for longer than a silence may last, SIGCONT: no visit has ended, whoever owns the room now."""
    async with process(bar, "sleepy") as sleepy:
        room = await bar.house.room(region="me")
        ann = await bar.join(room)
        os.kill(sleepy.pid, signal.SIGSTOP)
        await asyncio.sleep(bar.house.settings.silence_seconds + 1)  # not a wait for something: the sleep itself
        os.kill(sleepy.pid, signal.SIGCONT)
        await until(lambda: len(bar.events(ann, Welcome)) >= 2)
        assert (await ann.chat("good morning")).offset
        assert [name for name, _ in await bar.house.story(bar.user(ann))] == ["seat_hold", "room_join"]


async def sweep(bar: Bar) -> None:
    while True:
        bar.house.now = now()
        await bar.house.sweeper().sweep()
        await asyncio.sleep(0.1)


async def _story_ends(bar: Bar, user: UUID) -> bool:
    return bool(await bar.house.pool.fetchval("select not exists (select from seats where user_id = $1)", user))


@asynccontextmanager
async def process(bar: Bar, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A node of its own process, in region `me`, with a lease."""
    settings: dict[str, Any] = {**bar.settings, "node_id": name, "node_region": "me", "http_port": 0}
    named = {f"VIRTUBAR_{key.upper()}": str(value) for key, value in settings.items()}
    argv = [sys.executable, "-m", "services.rooms", "realtime"]
    started = await asyncio.create_subprocess_exec(
        *argv, env={**os.environ, **named}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await until(lambda: bar.has_lease(name), within=60, what=f"the lease of {name}")
        yield started
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def test_a_crowd_at_the_door_does_not_cost_a_node_its_lease(bar: Bar) -> None:
    """Every connection waits for one room's guard, for longer than a lease lasts."""
    await bar.node("narrow", node_region="me", pool_size=2)
    room, elsewhere = await bar.house.room(region="me"), await bar.house.room(region="me")
    ann = await bar.join(elsewhere)
    tickets = [await bar.ticket(room) for _ in range(4)]
    async with AsyncExitStack() as crowd, bar.house.pool.acquire() as db:
        guests = [await crowd.enter_async_context(raw(each["ws_url"])) for each in tickets]
        async with db.transaction():
            await db.execute("select from room_guards where room_id = $1 for update", room)
            for guest, each in zip(guests, tickets, strict=True):
                await guest.send(t="hello", ticket=each["ticket"])
            for _ in range(40):
                assert await bar.has_lease("narrow")
                await asyncio.sleep(0.1)
        for guest in guests:
            await guest.told("welcome")
    assert bar.events(ann, Reconnecting) == []
