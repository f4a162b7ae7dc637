"""Connections that see one schema and give up in time; migrations by dbmate."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg
import orjson

from libs.chassis.settings import Settings

if TYPE_CHECKING:  # asyncpg's classes take parameters in its stubs alone
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


class MigrationFailed(Exception):
    """A migration did not apply; the schema is as it was before that file."""


# Whoever runs the service may see which migrations there were, and change none.
TO_LOOK_AT = "revoke insert, update, delete on {schema}.{table} from {schema}"
ONE_AT_A_TIME = "lock table {schema}.{table} in share row exclusive mode"  # or two who revoke at once are one too many
ROOT = Path(__file__).resolve().parents[2]
KEEPALIVE = {
    "tcp_keepalives_idle": "5",  # seconds
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "timezone": "UTC",
}
LIMITS = {
    **KEEPALIVE,
    "idle_in_transaction_session_timeout": "10s",  # one idle writer would stall the relay behind its locks
    "statement_timeout": "5s",
    "lock_timeout": "5s",
}


async def connect(url: str, schema: str, *, size: int = 10, application: str = "") -> Pool:
    """A pool of at most `size` connections whose search_path is `schema` alone; jsonb goes in and out as Python values.

    Waits for nothing: raises OSError or asyncpg.PostgresError when Postgres is away.
    """
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        command_timeout=10,
        timeout=5,
        init=jsonb_as_values,
        reset=_as_it_is,
        server_settings={
            **LIMITS,
            "search_path": schema,
            "application_name": application or schema,
        },
    )


async def session(url: str, schema: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection of its own, under no time limit: for the relay, which holds its leadership by it."""
    return await asyncpg.connect(url, timeout=5, server_settings={**KEEPALIVE, "search_path": schema})


async def answering(pool: Pool) -> None:
    """A ready check: raises when Postgres is away."""
    await pool.fetchval("select 1")


async def _as_it_is(_: Connection) -> None:
    """Nothing here changes a session, so none is reset: that would be one more round trip after every use.

    An open transaction is rolled back by the pool itself.
    """


async def jsonb_as_values(db: Connection) -> None:
    """Teach a connection that jsonb is Python values."""
    await db.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),  # the one version of jsonb's binary form
        decoder=lambda data: orjson.loads(data[1:]),
    )


def migrate(settings: Settings, service: str, *, root: Path = ROOT) -> None:
    """Bring the service's schema, and that of its keys, up to date as its owner. Repeatable, and safe to race.

    The event store's tables come first, then the chassis's, then the service's own; each folder numbers its files for
    itself, so each has its own table of versions. Raises MigrationFailed with dbmate's own words.
    """
    owner, libs = settings.owner_database_url, root / "libs"
    _dbmate(
        _owner_of_keys(settings),
        service,
        libs / "eventstore" / "keys_migrations",
        "keys_migrations",
    )
    _dbmate(owner, service, libs / "eventstore" / "migrations", "eventstore_migrations")
    _dbmate(owner, service, libs / "chassis" / "migrations", "chassis_migrations")
    _dbmate(owner, service, root / "services" / service / "migrations", "schema_migrations")


def _dbmate(url: str, schema: str, folder: Path, table: str) -> None:
    if not any(folder.glob("*.sql")):
        return
    command = [
        str(Path(sys.executable).with_name("dbmate")),
        "--migrations-dir",
        str(folder),
    ]
    command += [
        "--migrations-table",
        f"{schema}.{table}",
        "--no-dump-schema",
        "--migration-lock",
        "migrate",
    ]
    environment = {
        **os.environ,
        "DATABASE_URL": _in_schema(url, schema),
    }  # not an argument: `ps` shows those
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MigrationFailed(f"{schema}, {folder}: {(done.stderr or done.stdout).strip()}")
    asyncio.run(_execute(url, *(each.format(schema=schema, table=table) for each in (ONE_AT_A_TIME, TO_LOOK_AT))))


async def _execute(url: str, *statements: str) -> None:
    """In one transaction."""
    db = await asyncpg.connect(url, timeout=10)
    try:
        async with db.transaction():
            for statement in statements:
                await db.execute(statement)
    finally:
        await db.close()


def _in_schema(url: str, schema: str) -> str:
    parts = urlsplit(url)
    query = {
        "sslmode": "disable",
        **dict(parse_qsl(parts.query)),
        "search_path": schema,
    }
    return urlunsplit(parts._replace(scheme="postgres", query=urlencode(query)))


def _owner_of_keys(settings: Settings) -> str:
    """The database of keys, with the owner's name and password."""
    keys, owner = urlsplit(settings.keys_url), urlsplit(settings.owner_database_url)
    credentials = owner.netloc.rpartition("@")[0]
    return urlunsplit(keys._replace(netloc=f"{credentials}@{keys.netloc.rpartition('@')[2]}"))
