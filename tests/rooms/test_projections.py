"""The tables are what the specification says, and what the log comes to."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from libs.contracts.catalogue import EVENTS
from libs.eventstore.gone import erase
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from libs.eventstore.verify import stream_faults
from services.rooms.deciders import DECIDERS
from services.rooms.projections import ROOMS
from services.rooms.seed import SYSTEM_ROOMS, seed
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, NINE, after

SPECIFIED = {
    "rooms": {
        "id": ("uuid", False),
        "name": ("text", True),
        "theme": ("text", False),
        "is_private": ("boolean", False),
        "capacity": ("integer", False),
        "region": ("text", False),
        "created_by": ("uuid", True),
        "created_at": ("timestamp with time zone", False),
    },
    "room_memberships": {
        "id": ("uuid", False),
        "room_id": ("uuid", False),
        "user_id": ("uuid", False),
        "joined_at": ("timestamp with time zone", False),
        "left_at": ("timestamp with time zone", True),
        "join_source": ("text", False),
    },
}
COLUMNS = """
select column_name, data_type, is_nullable = 'YES' as nullable
from information_schema.columns where table_schema = 'rooms' and table_name = $1"""
CONSTRAINTS = "select pg_get_constraintdef(oid) from pg_constraint where conrelid = $1::text::regclass"


@pytest.mark.parametrize("table", SPECIFIED)
async def test_the_columns_are_exactly_the_specified_ones(house: House, table: str) -> None:
    rows = await house.pool.fetch(COLUMNS, table)
    assert {row["column_name"]: (row["data_type"], row["nullable"]) for row in rows} == SPECIFIED[table]
    said = {row[0] for row in await house.pool.fetch(CONSTRAINTS, table)}
    assert "PRIMARY KEY (id)" in said
    if table == "room_memberships":
        assert "FOREIGN KEY (room_id) REFERENCES rooms(id)" in said


async def an_evening(house: House) -> None:
    """Something of everything, ending with people held, seated, gone, and in between two visits."""
    await seed(house.rooms.hosting, house.settings, NINE)
    await house.node()
    mine, theirs = await house.room(host=ANN, name="The Blue Note"), await house.room(3, host=BOB)
    await house.rooms.hosting.update(mine, ANN, after(1), name="The Red Door", capacity=10)
    await house.rooms.hosting.update(mine, ANN, after(2), theme="dance", is_private=True)
    await house.seat(ANN, mine)
    await house.seat(ANN, theirs, after(10))
    await house.seat(BOB, theirs, after(11))
    for room_id in SYSTEM_ROOMS:
        await house.hold(BOB, room_id, after(12))
    await house.rooms.visits.leave_room(ANN, theirs, after(20))
    house.now = after(90)
    await house.sweeper().sweep()
    await house.rooms.hosting.close(theirs, BOB, after(91))
    await house.seat(ANN, mine, after(95))
    await house.hold(BOB, next(iter(SYSTEM_ROOMS)), after(96))


@pytest.fixture
async def owner(house: House) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    db = await asyncpg.connect(house.urls.owner, server_settings={"search_path": "rooms"})
    try:
        yield db
    finally:
        await db.close()


async def test_every_table_is_what_the_log_comes_to(house: House, owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    await an_evening(house)
    report = await Rebuild(owner, Reader(house.cipher, EVENTS), [ROOMS]).compare()
    assert report.events > 20
    assert report.differences == []
    assert [fault async for fault in stream_faults(owner, DECIDERS)] == []


async def test_a_spoilt_table_is_mended_and_leases_are_left_alone(
    house: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await an_evening(house)
    leases = "select room_id, owner_node, fence from room_guards order by room_id"
    before = await house.pool.fetch(leases)
    await house.pool.execute("update room_guards set occupied = occupied + 1")
    await house.pool.execute("delete from seats where user_id = $1", ANN)
    await house.pool.execute("update room_memberships set left_at = null")
    report = await Rebuild(owner, Reader(house.cipher, EVENTS), [ROOMS]).merge()
    assert {each.table for each in report.differences} == {"room_guards", "seats", "room_memberships"}
    assert await house.pool.fetch(leases) == before
    assert await house.pool.fetchval("select count(*) from seats where user_id = $1", ANN) == 1
    house.now = after(500)  # whose heartbeat nobody knows is not called silent at once
    sweeper = house.sweeper()
    house.now = after(520)
    await sweeper.sweep()
    assert await house.pool.fetchval("select last_heartbeat from seats where user_id = $1", ANN) == after(520)


async def test_a_forgotten_host_leaves_a_room_without_a_name(
    house: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await an_evening(house)
    room = await house.pool.fetchrow("select id, name from rooms where created_by = $1", ANN)
    assert room is not None
    assert room["name"] == "The Red Door"
    async with house.pool.acquire() as db:
        await erase(db, house.keys, ANN)
    report = await Rebuild(owner, Reader(house.cipher, EVENTS), [ROOMS]).merge()
    assert [(each.table, each.columns) for each in report.differences] == [("rooms", ("name",))]
    assert await house.pool.fetchval("select name from rooms where id = $1", room["id"]) is None


async def test_the_house_has_one_room_for_each_theme_however_often_it_is_furnished(house: House) -> None:
    for _ in range(2):
        await seed(house.rooms.hosting, house.settings, NINE)
    rows = await house.pool.fetch("select id, name, theme, created_by from rooms")
    assert {row["id"]: (row["name"], row["theme"]) for row in rows} == SYSTEM_ROOMS
    assert all(row["created_by"] is None for row in rows)
    assert await house.pool.fetchval("select count(*) from events") == 3
