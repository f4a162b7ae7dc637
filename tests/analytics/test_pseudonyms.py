"""One name per person for good, whoever asks first, until they are erased; then none, whoever asks last."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from asyncpg import InsufficientPrivilegeError

from libs.chassis.postgres import Pool
from libs.chassis.stores import Stores, open_stores
from services.analytics.erasure import Erasure
from services.analytics.pseudonyms import Pseudonyms
from services.analytics.settings import Settings
from tests.conftest import Database

NOW = datetime(2026, 2, 7, tzinfo=UTC)


@pytest.fixture
async def stores(database: Database) -> AsyncIterator[Stores]:
    urls = await database("analytics")
    async with open_stores("analytics", Settings(database_url=urls.runtime, keys_url=urls.keys)) as made:
        yield made


@pytest.fixture
def pool(stores: Stores) -> Pool:
    return stores.pool


@pytest.fixture
def erasure(stores: Stores) -> Erasure:
    return Erasure(stores.store, stores.keys)


def people(count: int) -> list[str]:
    return [str(uuid4()) for _ in range(count)]


async def test_everybody_has_a_name_of_their_own_and_keeps_it(pool: Pool) -> None:
    users = people(50)
    names = await Pseudonyms(pool).of(users)
    assert names.keys() == set(users)
    assert len({*names.values(), *users}) == 100
    assert await Pseudonyms(pool).of(users[:10]) == {user: names[user] for user in users[:10]}
    assert await Pseudonyms(pool).of([]) == {}


async def test_two_sinks_that_meet_the_same_people_agree(pool: Pool) -> None:
    users = people(300)
    asked = [Pseudonyms(pool).of(users[n:] + users[:n]) for n in range(0, 300, 30)]
    first, *others = await asyncio.gather(*asked)
    assert all(other == first for other in others)


async def test_whoever_was_erased_has_no_name_and_gets_none_and_it_is_told_once(pool: Pool, erasure: Erasure) -> None:
    pseudonyms, (known, unknown, other) = Pseudonyms(pool), people(3)
    before = await pseudonyms.of([known, other])
    await erasure.forget([known, unknown], NOW)
    await erasure.forget([known], NOW)
    told = await pool.fetch("select data ->> 'user_id' as who from events where name = 'erasure_done'")
    assert sorted(row["who"] for row in told) == sorted([known, unknown])
    assert await pseudonyms.of([known, unknown, other]) == {known: None, unknown: None, other: before[other]}


async def test_a_name_asked_for_while_they_are_erased_does_not_outlive_it(pool: Pool, erasure: Erasure) -> None:
    pseudonyms, users = Pseudonyms(pool), people(100)
    asking = [pseudonyms.of(users[n : n + 10]) for n in range(0, 100, 10)]
    await asyncio.gather(*asking, *(erasure.forget(users[n : n + 7], NOW) for n in range(0, 100, 7)))
    assert set((await pseudonyms.of(users)).values()) == {None}


async def test_the_service_cannot_delete_a_tombstone(pool: Pool) -> None:
    with pytest.raises(InsufficientPrivilegeError):
        await pool.execute("delete from pseudonyms")
