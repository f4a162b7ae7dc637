"""How far to look: positions that are settled now, and the wait until they have gone everywhere."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition
from asyncpg import Connection
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from libs.chassis.kafka import Kafka, partitions_of
from services.analytics.lake import OFFSET, storage_of

LAST: Final = "select coalesce(max(pos), 0) from events"
TIMELINE: Final = "select max(number) from timeline"
# Whoever holds a position at or below the last one, uncommitted, holds a lock on the table; see libs.eventstore.feed.
WRITERS: Final = """
select virtualtransaction from pg_locks
where locktype = 'relation' and relation = 'events'::regclass and mode = 'RowExclusiveLock' and granted
  and database = (select oid from pg_database where datname = current_database())
"""
PUBLISHED: Final = "select pos from relay_cursor where name = 'kafka'"
BEYOND: Final = """
select pos from relay_cursor where name = 'kafka' and pos > (select coalesce(max(pos), 0) from events)
"""
LOOK: Final = 0.1  # seconds between two looks

Progress = Callable[[str], None]
Ends = Mapping[TopicPartition, tuple[int, int]]
"""The first and the next offset of each partition."""


@dataclass(frozen=True)
class Upper:
    """A service's last position, below which nothing is in flight any more, and its timeline."""

    position: int
    timeline: int


class Deadline:
    """Waits, as long as there is time left at all, and says what was not reached."""

    def __init__(self, seconds: float, progress: Progress) -> None:
        self._ends = asyncio.get_running_loop().time() + seconds
        self._progress = progress
        self.missed: list[str] = []

    async def until(self, short_of: Callable[[], Awaitable[str | None]]) -> None:
        """Ask `short_of` until it has nothing left to say; its last words are a problem."""
        while words := await short_of():
            if asyncio.get_running_loop().time() > self._ends:
                self.missed.append(words)
                return
            self._progress(words)
            await asyncio.sleep(LOOK)


async def upper(db: Connection, deadline: Deadline) -> Upper:
    """Fixed now; returns when every transaction has ended that may still fill a hole below it."""
    last, timeline = await db.fetchval(LAST), await db.fetchval(TIMELINE)
    writers = {row["virtualtransaction"] for row in await db.fetch(WRITERS)}

    async def short_of() -> str | None:
        nonlocal writers
        writers &= {row["virtualtransaction"] for row in await db.fetch(WRITERS)}
        return f"{len(writers)} transactions hold positions below {last}" if writers else None

    await deadline.until(short_of)
    return Upper(last, timeline)


async def published(db: Connection, service: str, to: Upper, deadline: Deadline) -> None:
    """Returns when the relay has passed the upper position. One that has passed the last event will skip the next."""

    async def short_of() -> str | None:
        at = await db.fetchval(PUBLISHED) or 0
        return f"the relay of {service} is at position {at} of {to.position}" if at < to.position else None

    await deadline.until(short_of)
    if beyond := await db.fetchval(BEYOND):
        deadline.missed.append(f"the relay of {service} is at position {beyond}, where there is no event yet")


async def ends(kafka: Kafka, topics: Sequence[str]) -> Ends:
    """Of every partition of those topics that exist."""
    async with kafka.reading() as consumer:
        known = await consumer.topics()
        there = [topic for topic in topics if topic in known]
        if not there:
            return {}
        places = await partitions_of(kafka, there)
        consumer.assign(places)  # it asks about all topics at once then; otherwise for 100 ms about each
        consumer.pause(*places)
        first, last = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    return {place: (first[place], last[place]) for place in places}


async def landed(lake_url: str, to: Ends, deadline: Deadline) -> None:
    """Returns when the lake has passed the end of every partition."""
    table: DeltaTable | None = None

    async def short_of() -> str | None:
        nonlocal table
        try:
            table = await asyncio.to_thread(_looked_at, lake_url, table)
        except DeltaError as damage:
            return unreadable(damage)
        if table is None:
            return f"there is no lake at {lake_url}"
        behind = {
            at: last - reached
            for at, (first, last) in to.items()
            if (reached := table.transaction_version(OFFSET.format(topic=at.topic, partition=at.partition)) or first)
            < last
        }
        return f"the lake is {sum(behind.values()):,} records behind, {_worst(behind)}" if behind else None

    await deadline.until(short_of)


def unreadable(damage: Exception) -> str:
    """A problem: the lake is there, and damaged."""
    return f"the lake cannot be read: {type(damage).__name__}: {str(damage).strip().partition(chr(10))[0]}"


def _looked_at(url: str, table: DeltaTable | None) -> DeltaTable | None:
    if table is None:
        with suppress(TableNotFoundError):
            return DeltaTable(url, storage_options=storage_of(url))
        return None
    table.update_incremental()
    return table


def _worst(behind: Mapping[TopicPartition, int]) -> str:
    at, records = max(behind.items(), key=lambda each: each[1])
    return f"{records:,} of them in {at.topic}-{at.partition}"
