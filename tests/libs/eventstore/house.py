"""A service's databases with the seats in them, fresh for one test, and what is built on them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from deploy.postgres.bootstrap import keys_database, open_databases
from libs.eventstore.db import Pool
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.recorded import Reader
from libs.eventstore.store import Store
from tests.libs.eventstore import seats
from tests.stack import PostgresServer

MIGRATIONS = Path(__file__).parents[3] / "libs" / "eventstore"
SCHEMA = {"search_path": "rooms"}


@dataclass(frozen=True)
class House:
    runtime: str  # URLs, as tests.stack.Databases has them
    owner: str
    keys: str
    admin: str
    pool: Pool
    keys_pool: Pool

    def key_ring(self, **settings: Any) -> KeyRing:
        return KeyRing(self.keys_pool, **settings)

    def reader(self) -> Reader:
        return Reader(Cipher(self.key_ring()), seats.CATALOGUE)

    def store(self, **parts: Any) -> Store:
        defaults: dict[str, Any] = {"project": seats.project, "catalogue": seats.CATALOGUE}
        return Store(self.pool, cipher=Cipher(self.key_ring()), **(defaults | parts))

    @asynccontextmanager
    async def session(self, url: str = "") -> AsyncIterator[asyncpg.Connection]:
        """A connection of its own: the service's role unless another URL is given."""
        db = await connect(url or self.runtime)
        try:
            yield db
        finally:
            await db.close()

    async def rows(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.pool.fetch(sql, *arguments)]

    async def open_room(self, capacity: int) -> Any:
        room = uuid4()
        await self.pool.execute(seats.OPEN, room, capacity)
        return room


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url, server_settings=SCHEMA)


def connector(url: str) -> Callable[[], Awaitable[asyncpg.Connection]]:
    """As the relay wants it."""
    return lambda: connect(url)


@asynccontextmanager
async def house_of(postgres: PostgresServer, *, pool: int = 16) -> AsyncIterator[House]:
    name = f"t_{uuid4().hex[:12]}"
    await open_databases(postgres.admin_url, name, ["rooms"])
    url, keys = postgres.part.url, keys_database(name)
    try:
        for database, folder, more in ((keys, "keys_migrations", ""), (name, "migrations", seats.TABLES)):
            await migrate(url("rooms_owner", database), MIGRATIONS / folder, more)
        async with (
            asyncpg.create_pool(url("rooms", name), min_size=1, max_size=pool, server_settings=SCHEMA) as rows,
            asyncpg.create_pool(url("rooms", keys), min_size=1, max_size=4, server_settings=SCHEMA) as ring,
        ):
            owner, admin = url("rooms_owner", name), url("postgres", name)
            yield House(url("rooms", name), owner, url("rooms", keys), admin, rows, ring)
    finally:
        db = await asyncpg.connect(postgres.part.url("postgres", "postgres"))
        try:
            for database in (name, keys):
                await db.execute(f"drop database if exists {database} with (force)")
        finally:
            await db.close()


async def migrate(url: str, folder: Path, more: str) -> None:
    """What dbmate does with these files, without its process: a fresh database per test has to be cheap."""
    db = await connect(url)
    try:
        for file in sorted(folder.glob("*.sql")):
            await db.execute(file.read_text().partition("-- migrate:down")[0])
        if more:
            await db.execute(more)
    finally:
        await db.close()
