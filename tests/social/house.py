"""Social on a database of its own, fresh for one test: its door, its API, and short words for what tests do there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2

from libs.chassis.postgres import connect
from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.eventstore.db import Pool
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import project_all
from libs.eventstore.store import Store
from services.social.__main__ import compose
from services.social.profiles import Change
from services.social.projections.pairs import PAIRS
from services.social.projections.profiles import PROFILES
from services.social.service import Social
from services.social.settings import SocialSettings
from tests.api import Issuer, answering, told
from tests.stack import Databases

NINE = datetime(2026, 2, 6, 21, tzinfo=UTC)
ANN, BOB, CLEO = UUID(int=1), UUID(int=2), UUID(int=3)


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


@dataclass
class House:
    urls: Databases
    pool: Pool
    store: Store
    keys: KeyRing
    cipher: Cipher
    settings: SocialSettings
    social: Social
    now: datetime = NINE  # of the API

    async def person(self, name: str | None = None, user: UUID | None = None, **change: Any) -> UUID:
        """Somebody with a profile."""
        user = user or uuid4()
        await self.social.profiles.create(user, NINE)
        if name or change:
            await self.social.profiles.update(user, Change(display_name=name, **change), NINE)
        return user

    async def name(self, user: UUID) -> str:
        said: str = await self.pool.fetchval("select display_name from profiles where user_id = $1", user)
        return said

    async def story(self, stream: str) -> list[str]:
        """The names of a stream's events."""
        rows = await self.pool.fetch("select name from events where stream_id = $1 order by version", stream)
        return [row["name"] for row in rows]

    async def befriended(self, one: UUID, other: UUID) -> None:
        await self.social.pairs.befriend(one, other, NINE)
        await self.social.pairs.befriend(other, one, NINE)


def heard(event: Event, version: int, at: datetime = NINE) -> Envelope:
    """As identity would have told it."""
    return Envelope(
        id=uuid4(),
        name=event.NAME,
        source="/virtubar/test/identity/1",
        subject=event.subject,
        time=at,
        schema_version=event.VERSION,
        stream_id=f"user-{event.subject}",
        stream_version=version,
        position=version,
        correlation_id=None,
        causation_id=None,
        traceparent=None,
        data=event.model_dump(mode="json"),
    )


@asynccontextmanager
async def house_at(urls: Databases, *, size: int = 16, **settings: Any) -> AsyncIterator[House]:
    given = SocialSettings(database_url=urls.runtime, keys_url=urls.keys, **settings)
    pool = await connect(urls.runtime, "social", size=size)
    vault = await connect(urls.keys, "social", size=4)
    try:
        keys = KeyRing(vault)
        cipher = Cipher(keys)
        store = Store(pool, cipher=cipher, project=project_all(PROFILES, PAIRS))
        yield House(urls, pool, store, keys, cipher, given, Social(store, given))
    finally:
        await pool.close()
        await vault.close()


@asynccontextmanager
async def here(
    urls: Databases, issuer: Issuer, clock: Callable[[], datetime] = lambda: datetime.now(UTC), **settings: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the API in this process."""
    given = SocialSettings(**told(urls, issuer, **settings))
    async with compose(given, ["api"], clock) as parts, answering(parts) as client:
        yield client
