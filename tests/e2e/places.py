"""Where facts of a bar are to be found: its tables, its keys, its topics, its lake."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
from redis.asyncio import Redis

from libs.chassis.kafka import Kafka, partitions_of
from libs.contracts.cloudevents import Envelope, decode
from tests.stack import OpenBar

TABLES: Final = (
    "identity.users",
    "social.profiles",
    "rooms.rooms",
    "rooms.room_memberships",
    "social.friendships",
    "social.blocks",
    "moderation.reports",
    "inventory.inventory_items",
    "inventory.user_inventory",
)
PSEUDONYMS: Final = "select user_id::text, pseudonym::text from analytics.pseudonyms where user_id = any($1::uuid[])"
LAKE: Final = """
select event_id::varchar as id, name, data::varchar as data from events where subject in ({subjects}) order by position
"""


@dataclass(frozen=True)
class Places:
    bar: OpenBar
    db: "asyncpg.Connection[asyncpg.Record]"
    redis: Redis

    async def rows(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.db.fetch(sql, *arguments)]

    async def counts(self) -> dict[str, int]:
        """Of the rows of the specification's tables."""
        return {table: await self.db.fetchval(f"select count(*) from {table}") for table in TABLES}

    async def hash(self, key: str) -> dict[str, bytes]:
        held: dict[Any, Any] = await self.redis.hgetall(key)
        return {name.decode(): value for name, value in held.items()}

    async def told(self, topics: Sequence[str], about: Collection[UUID]) -> list[Envelope]:
        """Everything in these topics whose subject is one of those people, duplicates too."""
        kafka, found = Kafka.parse(self.bar.status()["kafka"]), list[Envelope]()
        async with kafka.reading() as reader:
            partitions = await partitions_of(kafka, topics)
            reader.assign(partitions)
            await reader.seek_to_beginning(*partitions)
            ends = await reader.end_offsets(partitions)
            while [at for at in partitions if await reader.position(at) < ends[at]]:
                for records in (await reader.getmany(timeout_ms=200)).values():
                    found += [decode(record.value, record.headers) for record in records]
        return [each for each in found if each.subject in about]

    async def pseudonyms(self, people: Collection[UUID]) -> Mapping[str, str]:
        """What the lake calls them."""
        return dict(await self.rows(PSEUDONYMS, list(people)))

    async def landed(self, about: Collection[UUID]) -> list[dict[str, Any]]:
        """The lake's rows whose subject is one of them: `id`, `name`, `data`."""
        known = (await self.pseudonyms(about)).values()
        if not known:
            return []
        sql = LAKE.format(subjects=", ".join(f"'{each}'" for each in known))
        said = self.bar.virtubar("sql", "--json", sql)
        rows: list[dict[str, Any]] = json.loads(said.stdout) if said.returncode == 0 else []
        return [row | {"data": json.loads(row["data"])} for row in rows]


@asynccontextmanager
async def places(bar: OpenBar) -> AsyncIterator[Places]:
    status = bar.status()
    db = await asyncpg.connect(status["postgres"]["admin"])
    try:
        async with Redis.from_url(status["redis"], decode_responses=False) as redis:
            yield Places(bar, db, redis)
    finally:
        await db.close()
