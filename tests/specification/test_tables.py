"""The nine tables as a running bar's database has them: what the specification says, and nothing else."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, get_args

import asyncpg
import pytest

from libs.contracts.vocabulary import AuthProvider, ItemType, JoinSource, PrivacyLevel, ReportType, Theme
from tests.specification.text import TEXT, Table, tables
from tests.stack import OpenBar

SPECIFIED: Final = tables(TEXT.read_text())
OWNERS: Final = {
    "users": "identity",
    "profiles": "social",
    "friendships": "social",
    "blocks": "social",
    "rooms": "rooms",
    "room_memberships": "rooms",
    "reports": "moderation",
    "inventory_items": "inventory",
    "user_inventory": "inventory",
}
INSIDE: Final = {
    ("room_memberships", "room_id"): "rooms.rooms",
    ("user_inventory", "item_id"): "inventory.inventory_items",
}
"""What refers to a table of the same service; what refers to another's is a plain id."""
CONTRACTS: Final[Mapping[tuple[str, str], Any]] = {
    ("users", "auth_provider"): AuthProvider,
    ("profiles", "privacy_level"): PrivacyLevel,
    ("rooms", "theme"): Theme,
    ("room_memberships", "join_source"): JoinSource,
    ("reports", "report_type"): ReportType,
    ("inventory_items", "type"): ItemType,
}
"""Closed lists that the events hold to; those of `status` are the database's own."""

COLUMNS: Final = """
select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a
where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped
"""
CONSTRAINTS: Final = """
select c.contype::text as kind, c.confrelid::regclass::text as other, pg_get_constraintdef(c.oid) as said,
  array(
    select a.attname::text from unnest(c.conkey) with ordinality as k (attnum, n)
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum order by k.n
  ) as columns
from pg_constraint c where c.conrelid = $1::text::regclass
"""
NAMED: Final = """
select schemaname || '.' || tablename from pg_tables where tablename = any($1) and schemaname <> 'pg_catalog'
"""

each = pytest.mark.parametrize("table", SPECIFIED.values(), ids=SPECIFIED)


@pytest.fixture
async def catalogue(bar: OpenBar) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    db = await asyncpg.connect(bar.status()["postgres"]["admin"])
    try:
        await db.execute("set search_path to pg_catalog")
        yield db
    finally:
        await db.close()


def test_the_text_has_nine_tables_and_was_read_to_the_last_column() -> None:
    assert set(SPECIFIED) == set(OWNERS)
    rows = [line for line in TEXT.read_text().splitlines() if line.startswith("| ") and not line.startswith("| column")]
    assert sum(len(table.columns) for table in SPECIFIED.values()) == len(rows) == 60
    assert SPECIFIED["friendships"].unique == [("user_id", "friend_user_id")]
    assert SPECIFIED["friendships"].columns["status"].words == {"pending", "accepted"}


async def test_each_of_them_is_there_once(catalogue: "asyncpg.Connection[asyncpg.Record]") -> None:
    named = [row[0] for row in await catalogue.fetch(NAMED, list(OWNERS))]
    assert sorted(named) == sorted(f"{schema}.{table}" for table, schema in OWNERS.items())


@each
async def test_columns_and_types_are_the_specified_ones_and_no_others(
    catalogue: "asyncpg.Connection[asyncpg.Record]", table: Table
) -> None:
    rows = await catalogue.fetch(COLUMNS, f"{OWNERS[table.name]}.{table.name}")
    assert {row["name"]: row["type"] for row in rows} == {n: column.type for n, column in table.columns.items()}


@each
async def test_keys_are_as_specified(catalogue: "asyncpg.Connection[asyncpg.Record]", table: Table) -> None:
    rows = await catalogue.fetch(CONSTRAINTS, f"{OWNERS[table.name]}.{table.name}")
    said = [(row["kind"], tuple(row["columns"])) for row in rows]
    assert [columns for kind, columns in said if kind == "p"] == ([tuple(table.key)] if table.key else [])
    unique = [*table.unique, *((name,) for name, column in table.columns.items() if column.is_unique)]
    assert {columns for kind, columns in said if kind == "u"} >= set(unique)
    refers = {row["columns"][0]: row["other"] for row in rows if row["kind"] == "f"}
    assert refers == {column: other for (of, column), other in INSIDE.items() if of == table.name}
    assert set(refers) <= {name for name, column in table.columns.items() if column.refers}


@each
async def test_closed_lists_hold_the_specified_words(
    catalogue: "asyncpg.Connection[asyncpg.Record]", table: Table
) -> None:
    rows = await catalogue.fetch(CONSTRAINTS, f"{OWNERS[table.name]}.{table.name}")
    checks = {row["columns"][0]: row["said"] for row in rows if row["kind"] == "c"}
    for name, column in table.columns.items():
        if not column.words:
            continue
        if name == "status":
            assert all(f"'{word}'::text" in checks[name] for word in column.words)
            assert checks[name].count("::text") - checks[name].count("::text[]") == len(column.words)
        else:
            assert set(get_args(CONTRACTS[table.name, name])) == column.words
