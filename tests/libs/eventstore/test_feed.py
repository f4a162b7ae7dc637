"""The feed, one interleaving at a time. Random ones: tests/faults/test_readers.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from libs.eventstore.db import Db
from libs.eventstore.feed import Feed
from tests.conftest import Database
from tests.faults.readers import REMEMBER_TRANSACTIONS, ByPosition, ByTransaction, TheFeed
from tests.libs.eventstore.house import House, connect

APPEND = """
insert into events (stream_id, version, event_id, name, schema_version, subject, data, meta, recorded_at)
values ($1, $2, gen_random_uuid(), 'seat_polish', 1, gen_random_uuid(), '{}', '{}', now()) returning pos
"""


async def append(db: Db, stream: str = "", version: int = 1) -> int:
    pos: int = await db.fetchval(APPEND, stream or f"seat-{uuid4()}", version)
    return pos


@asynccontextmanager
async def undecided(house: House) -> AsyncIterator[asyncpg.Connection]:
    """A session in a transaction that the test commits or rolls back itself, with execute."""
    async with house.session() as db:
        await db.execute("begin")
        yield db


@pytest.fixture
async def db(house: House) -> AsyncIterator[asyncpg.Connection]:
    async with house.session() as session:
        yield session


async def read(reader: TheFeed | ByPosition | ByTransaction, db: Db) -> list[int]:
    return [row["pos"] for row in await reader.read(db)]


async def test_rows_come_in_pages_and_then_no_more(db: asyncpg.Connection) -> None:
    feed = TheFeed(size=2)
    for _ in range(5):
        await append(db)
    assert [await read(feed, db) for _ in range(4)] == [[1, 2], [3, 4], [5], []]


async def test_a_hole_is_waited_for_and_read_in_its_place(house: House, db: asyncpg.Connection) -> None:
    feed = TheFeed()
    await append(db)
    async with undecided(house) as slow:
        await append(slow)
        await append(db)
        assert [await read(feed, db) for _ in range(3)] == [[1], [], []]
        await slow.execute("commit")
    assert await read(feed, db) == [2, 3]


async def test_control_a_position_cursor_loses_it(house: House, db: asyncpg.Connection) -> None:
    naive = ByPosition()
    async with undecided(house) as slow:
        await append(slow)
        await append(db)
        assert await read(naive, db) == [2]
        await slow.execute("commit")
    assert await read(naive, db) == []


async def test_a_hole_is_passed_when_its_holder_has_rolled_back(house: House, db: asyncpg.Connection) -> None:
    feed = TheFeed()
    async with undecided(house) as slow:
        await append(slow)
        await append(db)
        assert await read(feed, db) == []
        await slow.execute("rollback")
    assert await read(feed, db) == [2]


async def test_an_old_hole_does_not_cost_a_second_call(house: House, db: asyncpg.Connection) -> None:
    async with undecided(house) as gone:
        await append(gone)
        await gone.execute("rollback")
    await append(db)
    assert await read(TheFeed(), db) == [2]


async def test_a_holder_that_dies_lets_the_feed_pass(house: House, db: asyncpg.Connection) -> None:
    feed = TheFeed()
    async with undecided(house) as doomed, house.session(house.admin) as admin:
        await append(doomed)
        await append(db)
        assert await read(feed, db) == []
        await admin.execute("select pg_terminate_backend($1, 10000)", doomed.get_server_pid())
        assert await read(feed, db) == [2]


async def test_writers_that_come_after_the_hole_was_seen_are_not_waited_for(
    house: House, db: asyncpg.Connection
) -> None:
    feed = TheFeed()
    async with undecided(house) as slow, undecided(house) as later:
        await append(slow)
        await append(db)
        assert await read(feed, db) == []
        await append(later)
        await append(db)
        await slow.execute("rollback")
        assert await read(feed, db) == [2]
        assert await read(feed, db) == []  # now `later` holds the hole
        await later.execute("commit")
        assert await read(feed, db) == [3, 4]


async def test_of_two_holes_the_first_filled_is_read_at_once(house: House, db: asyncpg.Connection) -> None:
    feed = TheFeed()
    async with undecided(house) as first, undecided(house) as second:
        await append(first)
        await append(db)
        await append(second)
        await append(db)
        assert await read(feed, db) == []
        await first.execute("commit")
        assert await read(feed, db) == [1, 2]
        assert await read(feed, db) == []
        await second.execute("commit")
        assert await read(feed, db) == [3, 4]


async def test_a_holder_that_filled_no_hole_is_not_waited_for_once_the_feed_is_past(
    house: House, db: asyncpg.Connection
) -> None:
    feed = TheFeed()
    async with undecided(house) as slow, undecided(house) as idle:
        await append(slow)
        await idle.execute("delete from idempotency")
        await idle.execute("lock table events in row exclusive mode")
        await append(db)
        assert await read(feed, db) == []
        await slow.execute("commit")
        assert await read(feed, db) == [1, 2]
        await append(db)
        assert await read(feed, db) == [3]


async def test_what_is_solid_behind_a_filled_hole_is_read_though_another_holder_stays(
    house: House, db: asyncpg.Connection
) -> None:
    feed = TheFeed(size=3)
    async with undecided(house) as slow, undecided(house) as idle:
        await append(slow)
        await idle.execute("lock table events in row exclusive mode")
        for _ in range(4):
            await append(db)
        assert await read(feed, db) == []
        await slow.execute("commit")
        assert [await read(feed, db) for _ in range(2)] == [[1, 2, 3], [4, 5]]


async def test_readers_and_transactions_on_other_tables_hold_nothing_back(house: House, db: asyncpg.Connection) -> None:
    feed = TheFeed()
    async with undecided(house) as gone, undecided(house) as reading, undecided(house) as elsewhere:
        await append(gone)
        await reading.fetch("select * from events")
        await elsewhere.execute("insert into guards values (gen_random_uuid(), 1)")
        await append(db)
        await gone.execute("rollback")
        assert await read(feed, db) == [2]


async def test_the_same_table_of_another_database_holds_nothing_back(database: Database) -> None:
    ours, theirs = [await connect((await database("rooms")).runtime) for _ in range(2)]  # copies: the same oids
    try:
        oid = "select 'events'::regclass::oid"
        assert await ours.fetchval(oid) == await theirs.fetchval(oid)
        await theirs.execute("begin")
        await append(theirs)
        await ours.execute("begin")
        await append(ours)
        await ours.execute("rollback")
        await append(ours)
        assert await read(TheFeed(), ours) == [2]
    finally:
        await ours.close()
        await theirs.close()


async def test_the_age_of_a_hole_grows_until_it_is_passed(house: House, db: asyncpg.Connection) -> None:
    feed = Feed("events", "pos", "pos")
    assert feed.hole_age == 0
    async with undecided(house) as slow:
        await append(slow)
        await append(db)
        await feed.read(db, 0)
        young = feed.hole_age
        await feed.read(db, 0)
        assert feed.hole_age > young > 0
        await slow.execute("commit")
    assert len(await feed.read(db, 0)) == 2
    assert feed.hole_age == 0


async def test_a_write_elsewhere_before_the_append_does_not_reorder_a_stream(
    house: House, db: asyncpg.Connection
) -> None:
    assert await early_writer(house, db, TheFeed()) == [1, 2]


async def test_control_a_transaction_cursor_reorders_it(house: House, db: asyncpg.Connection) -> None:
    async with house.session(house.owner) as owner:
        await owner.execute(REMEMBER_TRANSACTIONS)
    assert await early_writer(house, db, ByTransaction()) == [2, 1]


async def early_writer(house: House, db: asyncpg.Connection, reader: TheFeed | ByTransaction) -> list[int]:
    """Positions as read; they are the stream's versions, too."""
    stream = f"seat-{uuid4()}"
    async with undecided(house) as early:
        await early.execute("insert into guards values (gen_random_uuid(), 1)")  # an older transaction id …
        await append(db, stream, 1)
        await append(early, stream, 2)  # … and a younger version
        await early.execute("commit")
    return await read(reader, db)
