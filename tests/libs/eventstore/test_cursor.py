"""One leader, and a fence before the one that does not know it is none any more."""

import asyncio

import pytest

from libs.eventstore.cursor import SESSION, Cursor, lead
from libs.eventstore.db import Db
from libs.eventstore.errors import Deposed
from tests.libs.eventstore.house import House


async def lead_in_time(db: Db) -> Cursor:
    async with asyncio.timeout(30):
        while (cursor := await lead(db, "kafka")) is None:
            await asyncio.sleep(0.05)
    return cursor


async def test_one_session_leads_and_the_next_when_it_ends(house: House) -> None:
    async with house.session() as second:
        async with house.session() as first:
            assert await lead(first, "kafka")
            assert await lead(second, "kafka") is None
        taken = await lead_in_time(second)
        assert taken.epoch == 2


async def test_a_cursor_moves_and_is_found_where_it_was_left(house: House) -> None:
    async with house.session() as first:
        cursor = await lead(first, "kafka")
        assert cursor
        cursor = await (await cursor.move(first, 10)).move(first, 25)
    async with house.session() as second:
        taken = await lead_in_time(second)
        assert (taken.pos, taken.epoch) == (25, cursor.epoch + 1)


async def test_a_deposed_leader_cannot_move_the_cursor(house: House) -> None:
    async with house.session() as first, house.session() as second:
        old = await lead(first, "kafka")
        assert old
        await first.fetchval("select pg_advisory_unlock_all()")
        new = await lead(second, "kafka")
        assert new
        await new.move(second, 5)
        with pytest.raises(Deposed):
            await old.move(first, 9)
        assert await house.rows("select pos, epoch from relay_cursor") == [(5, 2)]


async def test_a_leader_that_falls_silent_loses_its_session(house: House) -> None:
    async with house.session() as silent, house.session() as second:
        await silent.execute(SESSION)
        assert await silent.fetchval("show idle_session_timeout") == "5s"
        await silent.execute("set idle_session_timeout = '200ms'")
        assert await lead(silent, "kafka")
        assert await lead_in_time(second)
