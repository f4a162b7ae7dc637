"""Rooms opened and changed in a race."""

import asyncio
from dataclasses import replace
from uuid import uuid4

from libs.eventstore.decider import Refused
from libs.eventstore.idempotency import Once
from services.rooms.deciders.refusals import RoomQuota
from services.rooms.hosting import Plan
from tests.rooms.checker import checked
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, NINE, after


async def test_a_host_in_a_hurry_opens_no_more_rooms_than_one_may(house: House) -> None:
    quota = house.settings.limit_rooms_per_host
    opened = await asyncio.gather(*(house.room(host=ANN) for _ in range(quota + 7)), return_exceptions=True)
    assert sum(isinstance(each, RoomQuota) for each in opened) == 7
    assert await house.pool.fetchval("select count(*) from rooms") == quota


async def test_a_repeat_opens_no_second_room_though_nobody_remembers_the_first_answer(house: House) -> None:
    plan, once = Plan("The Blue Note", "lounge", is_private=False, capacity=9, region="eu"), Once(ANN, "k", b"\0" * 32)
    first = await house.rooms.hosting.create(ANN, plan, NINE, once)
    await house.pool.execute("delete from idempotency")
    assert await house.rooms.hosting.create(ANN, plan, after(5), once) == first
    assert await house.rooms.hosting.create(BOB, plan, after(5), replace(once, user_id=BOB)) != first
    assert await house.pool.fetchval("select count(*) from events where name = 'room_create'") == 2


async def test_a_capacity_lowered_among_arrivals_holds_from_its_position_on(house: House) -> None:
    await house.node()
    room = await house.room(12, host=ANN)

    async def arrive() -> None:
        await house.seat(uuid4(), room)

    async def shrink() -> None:
        for capacity in (9, 6, 3):
            await house.rooms.hosting.update(room, ANN, NINE, capacity=capacity)

    outcomes = await asyncio.gather(shrink(), *(arrive() for _ in range(24)), return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, Refused) for outcome in outcomes)
    found = await checked(house.pool)
    assert found.clean, str(found)


async def test_a_room_closed_among_arrivals_keeps_nobody(house: House) -> None:
    await house.node()
    room = await house.room(host=ANN)

    async def close() -> None:
        await house.rooms.hosting.close(room, ANN, NINE)

    outcomes = await asyncio.gather(
        *(house.seat(uuid4(), room) for _ in range(6)), close(), *(house.seat(uuid4(), room) for _ in range(12)),
        return_exceptions=True,
    )  # fmt: skip
    assert all(not isinstance(outcome, Exception) or isinstance(outcome, Refused) for outcome in outcomes)
    await house.sweeper().sweep()
    assert await house.occupied(room) == 0
    assert (await checked(house.pool)).clean
