"""Seats that nobody gives back are given back, once."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from libs.eventstore.store import Once
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, NINE, after


async def test_a_hold_that_ran_out_is_released_and_a_live_one_is_not(house: House) -> None:
    await house.node()
    room = await house.room()
    await house.hold(ANN, room)
    await house.hold(BOB, room, after(5))
    house.now = after(30)
    await house.sweeper().sweep()
    assert await house.story(ANN) == [("seat_hold", None), ("seat_release", "expired")]
    assert await house.occupied(room) == 1


async def test_a_silent_visitor_left_when_last_heard(house: House) -> None:
    await house.node()
    room = await house.room()
    entered = await house.seat(ANN, room)
    await house.seat(BOB, room)
    sweeper = house.sweeper()
    await house.door.beat("node-1", 1, {entered.visit_id: after(15)})
    house.now = after(74)
    await sweeper.sweep()
    assert ("room_leave", "expired") in await house.story(BOB)
    assert (await house.story(ANN))[-1] == ("room_join", None)
    house.now = after(75)
    await sweeper.sweep()
    assert ("room_leave", "expired") in await house.story(ANN)
    assert await house.pool.fetchval("select left_at from room_memberships where user_id = $1", ANN) == after(15)
    assert await house.occupied(room) == 0


async def test_sweepers_and_a_node_in_a_race_end_each_seat_once(house: House) -> None:
    await house.node()
    room = await house.room()
    people = [uuid4() for _ in range(12)]
    visits = [(await house.seat(person, room)).visit_id for person in people]
    sweepers = [house.sweeper() for _ in range(3)]
    house.now = after(75)
    by_node = [house.door.leave(visit, "expired", after(75), NINE) for visit in visits]
    await asyncio.gather(*(sweeper.sweep() for sweeper in sweepers), *by_node)
    for person in people:
        assert await house.story(person) == [
            ("seat_hold", None),
            ("room_join", None),
            ("room_leave", "expired"),
            ("session_duration", None),
        ]
    assert await house.occupied(room) == 0


async def test_after_an_outage_nodes_may_report_before_anybody_is_called_silent(house: House) -> None:
    await house.node()
    room = await house.room()
    entered = await house.seat(ANN, room)
    sweeper = house.sweeper()
    house.now = after(90)
    async with house.pool.acquire() as db, db.transaction():
        await db.execute("lock table seats in access exclusive mode")
        pid = await house.pool.fetchval("select pg_backend_pid()")
        sweeping = asyncio.create_task(sweeper.sweep())
        blocked = "select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        while (pid := await house.pool.fetchval(blocked)) is None:
            await asyncio.sleep(0.01)
        admin = await asyncpg.connect(house.urls.admin)
        await admin.execute("select pg_terminate_backend($1)", pid)
        await admin.close()
        with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
            await sweeping
    house.now = after(104)
    await sweeper.sweep()
    assert (await house.story(ANN))[-1] == ("room_join", None)
    await house.door.beat("node-1", 1, {entered.visit_id: after(100)})
    house.now = after(106)
    await sweeper.sweep()
    assert (await house.story(ANN))[-1] == ("room_join", None)
    house.now = after(160)
    await sweeper.sweep()
    assert ("room_leave", "expired") in await house.story(ANN)


async def test_a_sweeper_that_has_just_started_judges_nobody_yet(house: House) -> None:
    await house.node()
    room = await house.room()
    await house.seat(ANN, room)
    house.now = after(75)
    sweeper = house.sweeper()
    await sweeper.sweep()
    assert await house.occupied(room) == 1
    house.now = after(90)
    await sweeper.sweep()
    assert await house.occupied(room) == 0


async def test_visits_left_behind_in_a_closed_room_are_ended(house: House) -> None:
    await house.node()
    room = await house.room(host=BOB)
    await house.seat(ANN, room)
    await house.pool.execute("update room_guards set is_open = false where room_id = $1", room)
    await house.sweeper().sweep()
    assert (await house.story(ANN))[-1] == ("room_leave", "room_closed")


async def test_a_night_is_counted_once_when_nobody_came_back(house: House) -> None:
    await house.node()
    here, there = await house.room(), await house.room()
    await house.seat(ANN, here)
    await house.seat(ANN, there, after(20))
    await house.rooms.visits.leave_room(ANN, there, after(50))
    house.now = after(109)
    await house.sweeper().sweep()
    assert (await house.story(ANN))[-1] == ("room_leave", "left")
    house.now = after(110)
    await asyncio.gather(house.sweeper().sweep(), house.sweeper().sweep())
    told = await house.pool.fetch("select data from events where name = 'session_duration'")
    assert [(row["data"]["seconds"], row["data"]["visits"]) for row in told] == [(50, 2)]


async def test_an_answer_is_remembered_for_a_day(house: House) -> None:
    await house.node()
    room = await house.room()
    await house.hold(ANN, room, once=Once(ANN, "k1", b"\0" * 32))
    sweeper, remembered = house.sweeper(), "select count(*) from idempotency"
    house.now = after(24 * 3600)
    await sweeper.sweep()
    assert await house.pool.fetchval(remembered) == 1
    house.now = after(24 * 3600 + 601)
    await sweeper.sweep()
    assert await house.pool.fetchval(remembered) == 0


async def test_what_is_over_is_forgotten_in_time(house: House) -> None:
    """Whom a host kept out, and the digests of invites that open nothing any more."""
    await house.node()
    room = await house.room(host=ANN)
    await house.hold(BOB, room)
    await house.rooms.order.kick(room, ANN, BOB, NINE, seconds=60)
    await house.rooms.invites.create(room, ANN, None, NINE, moderator=False)
    sweeper = house.sweeper()
    left = "select (select count(*) from room_kicks) + (select count(*) from invites where token_hash is not null)"
    house.now = after(30)
    await sweeper.sweep()
    assert await house.pool.fetchval(left) == 2
    house.now = after(3600)
    await sweeper.sweep()
    assert await house.pool.fetchval(left) == 0
