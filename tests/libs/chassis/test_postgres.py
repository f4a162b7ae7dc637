"""Migrations may be repeated and raced, and a connection sees its own schema and gives up in time."""

import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from libs.chassis import postgres
from libs.chassis.postgres import MigrationFailed, connect, migrate
from libs.chassis.settings import Settings
from tests.conftest import Database
from tests.stack import Databases

SCHEMA = "analytics"
VERSIONS = "select count(*) from eventstore_migrations union all select count(*) from chassis_migrations"


def settings_of(urls: Databases) -> Settings:
    return Settings(database_url=urls.runtime, owner_database_url=urls.owner, keys_url=urls.keys)


async def test_migrating_again_or_at_the_same_time_changes_nothing(database: Database) -> None:
    urls = await database(SCHEMA)
    async with await connect(urls.owner, SCHEMA) as pool:
        before = await pool.fetch(VERSIONS)
        await asyncio.gather(*[asyncio.to_thread(migrate, settings_of(urls), SCHEMA) for _ in range(3)])
        assert await pool.fetch(VERSIONS) == before
        assert all(row["count"] for row in before)


async def test_a_schema_is_made_from_nothing_in_order(database: Database, tmp_path: Path) -> None:
    urls = await database(SCHEMA)
    admin = await asyncpg.connect(urls.admin)
    for statement in (
        "drop schema analytics cascade",
        "create schema analytics authorization analytics_owner",
        "grant usage on schema analytics to analytics",
        "alter default privileges for role analytics_owner in schema analytics grant all on tables to analytics",
    ):
        await admin.execute(statement)
    await admin.close()
    root = _root(tmp_path)
    _migration(root, "0001_seats.sql", "create table seats (id int primary key, pos bigint references events)")
    _migration(root, "0002_more.sql", "alter table seats add column more text")
    await asyncio.to_thread(migrate, settings_of(urls), SCHEMA, root=root)
    async with await connect(urls.runtime, SCHEMA) as pool:
        await pool.execute("insert into seats values (1, null, 'x')")
        assert await pool.fetchval("select count(*) from parked") == 0


async def test_a_failing_migration_says_why_and_leaves_the_schema_as_it_was(database: Database, tmp_path: Path) -> None:
    urls = await database(SCHEMA)
    root = _root(tmp_path)
    _migration(root, "9001_good.sql", "create table good (id int)")
    _migration(root, "9002_bad.sql", "create table half (id int); create table oops (id nonsense)")
    with pytest.raises(MigrationFailed, match="nonsense"):
        await asyncio.to_thread(migrate, settings_of(urls), SCHEMA, root=root)
    async with await connect(urls.owner, SCHEMA) as pool:
        assert await pool.fetchval("select to_regclass('good') is not null")
        assert await pool.fetchval("select to_regclass('half') is null")


async def test_a_connection_sees_its_own_schema_and_speaks_jsonb(database: Database) -> None:
    urls = await database(SCHEMA)
    async with await connect(urls.runtime, SCHEMA) as pool:
        assert await pool.fetchval("show search_path") == SCHEMA
        value = {"id": "x", "list": [1, None, True, "ü"]}
        assert await pool.fetchval("select $1::jsonb", value) == value
        assert await pool.fetchval("select $1::jsonb", {"id": (id := uuid4())}) == {"id": str(id)}


async def test_a_statement_gives_up_in_time(database: Database) -> None:
    urls = await database(SCHEMA)
    async with await connect(urls.runtime, SCHEMA) as pool:
        assert await pool.fetchval("show statement_timeout") == "5s"
        assert await pool.fetchval("show idle_in_transaction_session_timeout") == "10s"
        with pytest.raises(asyncpg.QueryCanceledError) as late:
            async with pool.acquire() as db, db.transaction():
                await db.execute("set local statement_timeout = '50ms'")
                await db.execute("select pg_sleep(10)")
        assert postgres.LIMITS["lock_timeout"] == "5s"
        from libs.chassis.transient import is_transient

        assert is_transient(late.value)


def _root(folder: Path) -> Path:
    """The project's own libraries, and room for migrations of a service."""
    (folder / "services" / SCHEMA / "migrations").mkdir(parents=True)
    (folder / "libs").symlink_to(postgres.ROOT / "libs")
    return folder


def _migration(root: Path, name: str, sql: str) -> None:
    text = f"-- migrate:up\n{sql};\n\n-- migrate:down\n"
    (root / "services" / SCHEMA / "migrations" / name).write_text(text)
