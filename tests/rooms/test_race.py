"""Everybody wants the same seats at once."""

import asyncio
import random
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest

from libs.eventstore import gone
from libs.eventstore.gone import PersonErased
from services.rooms.ports import Ticket
from tests.conftest import Database
from tests.rooms.api import elsewhere, issuing
from tests.rooms.checker import checked
from tests.rooms.crowd import AppendFirst, TheDoor, throng
from tests.rooms.house import House, house_at
from tests.rooms.people import ANN, BOB
from tests.waiting import until

RACERS, SEATS = 200, 50
SOON = timedelta(seconds=20)
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
BLOCKED = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


async def test_two_hundred_race_for_fifty_seats_through_two_api_processes(database: Database) -> None:
    urls = await database("rooms")
    async with house_at(urls) as house, issuing() as issuer, elsewhere(urls, issuer, 2) as processes:
        await house.node()
        room = await house.room(SEATS)
        async with httpx2.AsyncClient(timeout=60, limits=httpx2.Limits(max_connections=RACERS)) as client:

            async def race(n: int) -> tuple[UUID, httpx2.Response]:
                user = uuid4()
                url = f"{processes[n % 2].url}/v1/rooms/{room}/join"
                return user, await client.post(url, json={"device_type": "web"}, headers=issuer.headers(user))

            answers = await asyncio.gather(*map(race, range(RACERS)))
        assert Counter(answer.status_code for _, answer in answers) == {200: SEATS, 409: RACERS - SEATS}
        refused = [answer for _, answer in answers if answer.status_code == 409]
        assert {answer.headers["content-type"] for answer in refused} == {"application/problem+json"}
        assert {answer.json()["type"] for answer in refused} == {"https://virtubar.dev/problems/room_full"}
        won = {user: _ticket(answer) for user, answer in answers if answer.status_code == 200}
        found = await checked(house.pool)
        assert found.clean
        assert found.seats == {str(user): str(ticket.visit_id) for user, ticket in won.items()}
        row = await house.pool.fetchrow("select owner_node, fence from room_guards where room_id = $1", room)
        assert row is not None
        assert row["fence"] == 1, "they raced for the room's owner, too"
        entered = await asyncio.gather(
            *(house.door.enter(t.ticket, room, row["owner_node"], 1, t.expires_at - SOON) for t in won.values())
        )
        assert all(each.joined for each in entered)
        assert (await checked(house.pool)).clean


async def test_a_crowd_that_switches_and_leaves_never_overfills_a_room_nor_waits_for_itself(house: House) -> None:
    await house.node()
    rooms = [await house.room(capacity) for capacity in (2, 3, 5)]
    people, dice = [uuid4() for _ in range(14)], random.Random(7)

    async def enough(asked: int) -> bool:
        return asked >= 1500

    await throng(TheDoor(house, dice), people, rooms, dice, enough)
    found = await checked(house.pool)
    assert found.clean, str(found)
    assert await house.pool.fetchval(DEADLOCKS) == 0


async def test_the_same_crowd_overfills_rooms_where_the_append_comes_before_the_guard(house: House) -> None:
    await house.node()
    rooms = [await house.room(capacity) for capacity in (2, 3, 5)]
    people, dice = [uuid4() for _ in range(14)], random.Random(7)

    async def found_out(asked: int) -> bool:
        assert asked < 30_000, "this crowd proves nothing"
        return asked % 100 == 0 and not (await checked(house.pool)).clean

    await throng(AppendFirst(house, dice), people, rooms, dice, found_out)
    assert (await checked(house.pool)).over_capacity


async def test_a_lost_race_leaves_no_seat_taken_without_an_event(house: House) -> None:
    """One visitor, two rooms, both doors past their look: one append wins, the other decides again."""
    await house.node()
    here, there = await house.room(), await house.room()
    admin = await asyncpg.connect(house.urls.admin)
    try:
        async with admin.transaction():
            await admin.execute("lock table rooms.streams in exclusive mode")  # may be read, not written
            both = [asyncio.create_task(house.hold(ANN, room)) for room in (here, there)]
            await until(lambda: _are_blocked(house, 2))
        await asyncio.gather(*both)
    finally:
        await admin.close()
    assert sorted([await house.occupied(here), await house.occupied(there)]) == [0, 1]
    assert await house.story(ANN) == [("seat_hold", None), ("seat_release", "switched"), ("seat_hold", None)]
    assert (await checked(house.pool)).clean


async def test_a_visitor_who_moved_while_the_guard_was_waited_for_is_looked_at_again(house: House) -> None:
    await house.node()
    here, there = await house.room(), await house.room()
    admin = await asyncpg.connect(house.urls.admin)
    try:
        async with admin.transaction():
            await admin.execute("select from rooms.room_guards where room_id = $1 for update", there)
            late = asyncio.create_task(house.hold(ANN, there))
            await until(lambda: _are_blocked(house, 1))
            await house.hold(ANN, here)
        await late
    finally:
        await admin.close()
    assert (await house.occupied(here), await house.occupied(there)) == (0, 1)
    assert (await checked(house.pool)).clean


async def test_whoever_is_being_erased_waits_before_the_guard_and_is_turned_away(house: House) -> None:
    """And makes nobody else wait: the room's guard is not locked yet."""
    await house.node()
    room = await house.room()
    async with house.pool.acquire() as db:
        async with db.transaction():
            await gone.enter(db, ANN)
            coming = asyncio.create_task(house.hold(ANN, room))
            await until(lambda: _are_blocked(house, 1))
            await house.hold(BOB, room)
        with pytest.raises(PersonErased):
            await coming
    assert await house.story(ANN) == []


async def _are_blocked(house: House, count: int) -> bool:
    blocked: int = await house.pool.fetchval(BLOCKED)
    return blocked == count


def _ticket(answer: httpx2.Response) -> Ticket:
    told = answer.json()
    expires_at = datetime.fromisoformat(told["expires_at"])
    return Ticket(UUID(told["visit_id"]), UUID(told["room_id"]), told["ticket"], told["ws_url"], expires_at)
