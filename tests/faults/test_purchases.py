"""A crowd with too little money at two processes that are killed now and then: every cent once, every thing once.

The control is the same crowd at the counter everybody builds first.
"""

import asyncio
import random
from collections.abc import Sequence

import httpx2
import pytest

from services.inventory import audit
from tests.api import Process, elsewhere, issuing
from tests.conftest import Database
from tests.faults.load import LONG
from tests.inventory.checker import checked
from tests.inventory.house import House, house_at
from tests.inventory.shoppers import MENU, LookThenWrite, OverHttp, Shopping, wishes

WISHES = 20_000 if LONG else 2_000
KILLS = 12 if LONG else 1
PEOPLE = 24
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
pytestmark = pytest.mark.timeout(3600 if LONG else 300)


async def killed(processes: Sequence[Process], shopping: Shopping, dice: random.Random) -> None:
    """Evenly over the run, each back before the next."""
    for n in range(KILLS):
        while shopping.settled < (n + 1) * WISHES // (KILLS + 1):
            await asyncio.sleep(0.05)
        process = dice.choice(processes)
        await process.kill()
        await process.start()
        await process.answers()


async def test_every_cent_and_every_thing_once_whoever_is_killed(database: Database) -> None:
    urls, dice = await database("inventory"), random.Random(4)
    async with (
        house_at(urls) as house,
        issuing() as issuer,
        elsewhere("inventory", urls, issuer, 2) as processes,
        httpx2.AsyncClient(timeout=60, limits=httpx2.Limits(max_connections=64)) as http,
    ):
        await house.sells(*MENU)
        people = await house.newcomers(PEOPLE)
        shopping = Shopping(OverHttp(http, [each.url for each in processes], issuer, dice), dice)
        async with asyncio.TaskGroup() as group:
            group.create_task(killed(processes, shopping, dice))
            group.create_task(shopping.go(wishes(dice, people, WISHES)))
        found = await checked(house.pool, shopping.told)
        assert found.clean, str(found)
        assert found.things > WISHES / 10
        assert sum(not ids for ids in shopping.told.values()) > WISHES / 10, "too little money is part of it"
        assert await audit.faults(house.owner) == []
        assert (await house.rebuilt()).differences == []
        assert await house.pool.fetchval(DEADLOCKS) == 0
        await once_more(house, shopping)


async def once_more(house: House, shopping: Shopping) -> None:
    """Nobody remembers the answers any more, and everybody asks for what they got a second time."""
    await house.owner.execute("delete from idempotency")
    before = await house.pool.fetchval("select count(*) from events where name = 'item_acquire'")
    got = [wish for wish in shopping.wanted if shopping.told[wish.key]][-100:]
    told = {wish.key: set(shopping.told[wish.key]) for wish in got}
    await shopping.go(got)
    assert {wish.key: shopping.told[wish.key] for wish in got} == told
    assert await house.pool.fetchval("select count(*) from events where name = 'item_acquire'") == before


async def test_the_same_crowd_finds_out_who_looks_and_then_writes(database: Database) -> None:
    dice = random.Random(4)
    async with house_at(await database("inventory")) as house:
        await house.sells(*MENU)
        people = await house.newcomers(PEOPLE)
        shopping = Shopping(LookThenWrite(house, dice), dice)
        await shopping.go(wishes(dice, people, 600))
        found = await checked(house.pool, shopping.told)
        assert found.overdrawn
        assert found.misstated
        assert found.repeated
        assert found.doubled
