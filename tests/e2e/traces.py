"""Looking for a word everywhere a bar keeps anything: databases, topics, the lake, Redis, files, logs.

Not looked at: the mailbox (a sent mail has left the bar), and the data files that belong to PostgreSQL, Kafka and
Redis, which are asked instead.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
import pyarrow.parquet as pq
from redis.asyncio import Redis

from libs.chassis.kafka import Kafka, partitions_of
from tests.stack import OpenBar

ASKED: Final = frozenset({"postgres", "kafka", "redis", "mail"})
DATABASES: Final = "select datname from pg_database where not datistemplate"
TABLES: Final = """
select format('%I.%I', schemaname, tablename) from pg_tables
where schemaname not in ('pg_catalog', 'information_schema')
"""


class Trace(NamedTuple):
    """Where something was, and what was there: any of its texts and bytes, lower-case."""

    place: str
    text: bytes


async def found(bar: OpenBar, words: Sequence[str]) -> set[str]:
    """The places that hold one of the words, in any case; in a column of bytes as their hexadecimal too."""
    spelt = [form for word in words for form in (word.lower().encode(), word.encode().hex().encode())]
    return {trace.place async for trace in traces(bar) if any(form in trace.text for form in spelt)}


async def traces(bar: OpenBar) -> AsyncIterator[Trace]:
    status = bar.status()
    async for trace in _postgres(status["postgres"]["admin"]):
        yield trace
    async for trace in _topics(status["kafka"]):
        yield trace
    async for trace in _redis(status["redis"]):
        yield trace
    for trace in kept_in(bar.root):
        yield trace


async def _postgres(admin: str) -> AsyncIterator[Trace]:
    db = await asyncpg.connect(admin)
    try:
        databases = [row["datname"] for row in await db.fetch(DATABASES)]
    finally:
        await db.close()
    for database in databases:
        db = await asyncpg.connect(admin, database=database)
        try:
            for (table,) in await db.fetch(TABLES):
                for (text,) in await db.fetch(f"select t::text from {table} t"):
                    yield Trace(f"{database}: {table}", text.lower().encode())
        finally:
            await db.close()


async def _topics(url: str) -> AsyncIterator[Trace]:
    reader = Kafka.parse(url).reader()
    await reader.start()
    try:
        names = [name for name in await reader.topics() if not name.startswith("__")]
        partitions = await partitions_of(Kafka.parse(url), names)
        reader.assign(partitions)
        await reader.seek_to_beginning(*partitions)
        ends = await reader.end_offsets(partitions)
        while [at for at in partitions if await reader.position(at) < ends[at]]:
            for at, records in (await reader.getmany(timeout_ms=200)).items():
                for record in records:
                    headers = b" ".join(value or b"" for _, value in record.headers)
                    text = b" ".join((record.key or b"", record.value or b"", headers))
                    yield Trace(f"topic {at.topic}", text.lower())
    finally:
        await reader.stop()


async def _redis(url: str) -> AsyncIterator[Trace]:
    async with Redis.from_url(url, decode_responses=False) as redis:
        async for key in redis.scan_iter(count=1000):
            match await redis.type(key):
                case b"string":
                    held: object = await redis.get(key)
                case b"hash":
                    held = await redis.hgetall(key)
                case b"set":
                    held = await redis.smembers(key)
                case b"stream":
                    held = await redis.xrange(key)
                case b"list":
                    held = await redis.lrange(key, 0, -1)
                case _:
                    held = await redis.zrange(key, 0, -1)
            yield Trace("redis", repr((key, held)).lower().encode())


def kept_in(root: Path) -> Iterator[Trace]:
    """In the files below a folder; what Parquet has compressed is read."""
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root)
        if place.parts[0] in ASKED or not path.is_file():
            continue
        if path.suffix == ".parquet":
            for column in pq.read_table(path, partitioning=None).columns:
                yield Trace(f"lake {place.parts[0]}", "\n".join(map(str, column.to_pylist())).lower().encode())
        yield Trace(f"file {place.parts[0]}", path.read_bytes().lower())
