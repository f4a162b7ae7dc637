"""Identity as it runs: real PostgreSQL, a real mailbox, real HTTP; a clock that can be moved."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from libs.chassis.postgres import Pool
from libs.chassis.server import Server
from services.identity.__main__ import compose, opened
from services.identity.erasures import Erasures
from services.identity.service import Identity
from services.identity.settings import Settings
from tests.accounts import Mailbox, mailbox
from tests.conftest import Database
from tests.stack import Databases
from tests.waiting import until

PEPPER = "a pepper for tests, with 32 characters or more"
PLENTY = "100000/1"


@dataclass
class Clock:
    """The time it is, and then some."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, **by: float) -> None:
        self.ahead += timedelta(**by)


@dataclass(frozen=True)
class Door:
    """One running identity API, the same identity without it, and what lies behind both."""

    http: httpx2.AsyncClient
    mail: Mailbox
    clock: Clock
    identity: Identity
    erasures: Erasures
    pool: Pool
    databases: Databases


Open = Callable[..., Awaitable[Door]]


def told(databases: Databases, mail: Mailbox, **settings: Any) -> Settings:
    """Settings for a test: limits per client out of the way, as natively; Kafka is not there unless given."""
    given = {
        "database_url": databases.runtime,
        "owner_database_url": databases.owner,
        "keys_url": databases.keys,
        "kafka_url": "kafka://127.0.0.1:1",
        "catch_up_seconds": 0.001,
        "smtp_url": mail.url,
        "pepper": PEPPER,
        "http_port": 0,
        "limit_codes_per_client": PLENTY,
        "limit_wrong_codes_per_client": PLENTY,
        **settings,
    }
    return Settings.model_validate(given)


@asynccontextmanager
async def serving(settings: Settings, clock: Clock) -> AsyncIterator[httpx2.AsyncClient]:
    """The API on a port of its own."""
    stop = asyncio.Event()
    async with compose(settings, ["api"], clock) as parts:
        assert parts.app
        server = Server(parts.app({}), "127.0.0.1", 0, grace=5)
        running = asyncio.create_task(server.run(stop))
        await until(lambda: server.started, what="the API")
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client:
            yield client
        stop.set()
        await running


@pytest.fixture
async def mail(tmp_path: Path) -> AsyncIterator[Mailbox]:
    async with mailbox(tmp_path / "mail.jsonl") as box:
        yield box


@pytest.fixture
async def open_door(database: Database, mail: Mailbox) -> AsyncIterator[Open]:
    """`door = await open_door(code_tries=3)`: settings by name; the same databases every time in one test."""
    databases, clock = await database("identity"), Clock()
    async with AsyncExitStack() as closing:

        async def make(**given: Any) -> Door:
            settings = told(databases, mail, **given)
            inside = await closing.enter_async_context(opened(settings, clock))
            http = await closing.enter_async_context(serving(settings, clock))
            return Door(http, mail, clock, inside.identity, inside.erasures, inside.stores.pool, databases)

        yield make


@pytest.fixture
async def door(open_door: Open) -> Door:
    return await open_door()


@pytest.fixture
async def owner(door: Door) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The schema's owner, who may rebuild."""
    db = await asyncpg.connect(door.databases.owner, server_settings={"search_path": "identity"})
    try:
        yield db
    finally:
        await db.close()
