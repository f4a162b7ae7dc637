"""Cursors stay right while rows come and go, and are opaque."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from libs.chassis import postgres
from libs.chassis.pagination import PageRequest, cursor_of
from libs.chassis.problems import Invalid
from tests.conftest import Database

SCHEMA = "analytics"
START = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = """
select at, id from visits
where $1::timestamptz is null or (at, id) > ($1, $2) order by at, id limit $3
"""


@pytest.fixture
async def pool(database: Database) -> postgres.Pool:  # type: ignore[misc]
    urls = await database(SCHEMA)
    async with await postgres.connect(urls.owner, SCHEMA) as pool:
        await pool.execute("create table visits (id uuid primary key, at timestamptz not null)")
        yield pool


async def test_every_row_is_seen_once_however_many_come_in_between(pool: postgres.Pool) -> None:
    for n in range(50):
        await _visit(pool, START + timedelta(minutes=n // 3))  # three share each minute
    before = [row["id"] for row in await pool.fetch("select id from visits order by at, id")]
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        asked = PageRequest(limit=7, cursor=cursor)
        after = asked.after(tuple[datetime, UUID]) or (None, None)
        page = asked.page(await pool.fetch(PAGE, *after, asked.fetch), lambda r: r["id"], lambda r: (r["at"], r["id"]))
        seen += page.items
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
        await _visit(pool, START - timedelta(days=1))  # a page by offset would shift and show a row twice
        await pool.execute("delete from visits where id = $1", seen[0])
    assert seen == before


async def test_control_an_offset_shows_rows_twice(pool: postgres.Pool) -> None:
    for n in range(20):
        await _visit(pool, START + timedelta(minutes=n))
    seen: list[UUID] = []
    for page in range(3):
        rows = await pool.fetch("select id from visits order by at, id offset $1 limit 5", page * 5)
        seen += [row["id"] for row in rows]
        await _visit(pool, START - timedelta(days=1))
    assert len(seen) > len(set(seen))


def test_the_last_page_has_no_cursor() -> None:
    for rows, more in (([], False), ([1, 2], False), ([1, 2, 3], True)):
        page = PageRequest(limit=2).page(rows, str, lambda row: (row,))
        assert (page.next_cursor is not None) == more
        assert len(page.items) <= 2


OTHERS = [cursor_of(key) for key in ((1, 2), ("x", UUID(int=7)), (START,))]


@pytest.mark.parametrize("cursor", ["", "!", "abc", "äöü", "e30", "bnVsbA", *OTHERS])
def test_a_cursor_of_another_list_is_invalid(cursor: str) -> None:
    with pytest.raises(Invalid):
        PageRequest(cursor=cursor).after(tuple[datetime, UUID])


@pytest.mark.parametrize("key", [(2**63, "x"), (1, "0001-01-01T00:00:00+23:59"), (1, "9999-12-31T23:59:59-23:59")])
def test_a_forged_cursor_that_no_column_could_hold_is_invalid(key: tuple[int, str]) -> None:
    with pytest.raises(Invalid):
        PageRequest(cursor=cursor_of(key)).after(tuple[int, datetime | str])


def test_a_cursor_brings_back_what_it_was_made_of() -> None:
    key = (START + timedelta(microseconds=7), uuid4())
    assert PageRequest(cursor=cursor_of(key)).after(tuple[datetime, UUID]) == key
    assert PageRequest().after(tuple[datetime, UUID]) is None


async def _visit(pool: postgres.Pool, at: datetime) -> UUID:
    id = uuid4()
    await pool.execute("insert into visits values ($1, $2)", id, at)
    return id
