"""The pairs' door on a database of its own, and short words for what tests do there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from libs.chassis.postgres import connect
from libs.contracts.catalogue import EVENTS
from libs.eventstore.db import Pool
from libs.eventstore.erasure import ERASURE, Finish, erasure_stream
from libs.eventstore.gone import erase
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import Projection, project_all
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from libs.eventstore.store import Store, Unit
from libs.eventstore.verify import stream_faults
from services.social.deciders.pair import PAIR
from services.social.pairs import Pairs, forget
from services.social.projections.pairs import PAIRS
from services.social.settings import SocialSettings
from tests.stack import Databases

NINE = datetime(2026, 2, 6, 21, tzinfo=UTC)
ANN, BOB, CEM, DEA = (UUID(int=n) for n in range(1, 5))
KNOWN = """
insert into profiles (user_id, display_name, avatar_id, avatar_config, interests, locale, privacy_level, created_at,
  updated_at)
select each, each::text, 'fox', '{}', '{}', 'en', $2, $3, $3 from unnest($1::uuid[]) as each
on conflict (user_id) do update set privacy_level = excluded.privacy_level
"""
SUSPEND = "insert into standings (user_id, suspended, place) values ($1, true, 1)"
FORGET_PROFILE = "delete from profiles where user_id = $1"
NAMES = "select name from events where stream_id like 'pair-%' order by pos"


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


@dataclass
class Circle:
    urls: Databases
    pool: Pool
    keys: KeyRing
    store: Store
    settings: SocialSettings
    pairs: Pairs

    async def known(self, *users: UUID, privacy: str = "public") -> None:
        """They have profiles."""
        await self.pool.execute(KNOWN, list(users), privacy, NINE)

    async def people(self, count: int) -> list[UUID]:
        """That many, with profiles."""
        users = [uuid4() for _ in range(count)]
        await self.known(*users)
        return users

    async def suspend(self, user: UUID) -> None:
        await self.pool.execute(SUSPEND, user)

    async def friends(self, one: UUID, other: UUID, at: datetime = NINE) -> None:
        """They become friends."""
        await self.pairs.befriend(one, other, at)
        await self.pairs.befriend(other, one, at)

    async def erase(self, user: UUID) -> None:
        """As services.social.erasure does, as far as pairs go."""

        async def work(unit: Unit) -> None:
            await erase(unit.db, self.keys, user)
            await forget(unit, user)
            await unit.db.execute(FORGET_PROFILE, user)
            stream = await unit.load(ERASURE, erasure_stream(user))
            await unit.append(ERASURE, stream, ERASURE.decide(stream.state, Finish(user, "social")))

        await self.store.run(work, at=NINE)

    async def friendships(self) -> set[tuple[UUID, UUID, str]]:
        rows = await self.pool.fetch("select user_id, friend_user_id, status from friendships")
        return {(row[0], row[1], row[2]) for row in rows}

    async def blocks(self) -> set[tuple[UUID, UUID]]:
        rows = await self.pool.fetch("select blocker_user_id, blocked_user_id from blocks")
        return {(row[0], row[1]) for row in rows}

    async def mutes(self) -> set[tuple[UUID, UUID]]:
        return {(row[0], row[1]) for row in await self.pool.fetch("select muter_user_id, muted_user_id from mutes")}

    async def story(self) -> list[str]:
        """Names of what happened between people, in order."""
        return [row["name"] for row in await self.pool.fetch(NAMES)]

    async def faults(self) -> Sequence[Any]:
        """Where the tables are not what the log comes to, and states not the fold of their streams."""
        db = await asyncpg.connect(self.urls.owner, server_settings={"search_path": "social"})
        try:
            report = await Rebuild(db, Reader(Cipher(self.keys), EVENTS), [PAIRS]).compare()
            deciders: dict[str, Any] = {PAIR.kind: PAIR, ERASURE.kind: ERASURE}
            return [*report.differences, *[fault async for fault in stream_faults(db, deciders)]]
        finally:
            await db.close()


@asynccontextmanager
async def circle_at(
    urls: Databases, *, size: int = 16, projection: Projection = PAIRS, **settings: Any
) -> AsyncIterator[Circle]:
    told = SocialSettings(database_url=urls.runtime, keys_url=urls.keys, **settings)
    async with (
        await connect(urls.runtime, "social", size=size) as pool,
        await connect(urls.keys, "social", size=4) as vault,
    ):
        keys = KeyRing(vault)
        store = Store(pool, cipher=Cipher(keys), project=project_all(projection))
        yield Circle(urls, pool, keys, store, told, Pairs(store, told))
