"""Are the tables what the events come to? And if not: make them so, while the service runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg import (
    Connection,
    DataError,
    DeadlockDetectedError,
    IntegrityConstraintViolationError,
    LockNotAvailableError,
)
from cryptography.exceptions import InvalidTag

from libs.eventstore import heard, recorded
from libs.eventstore.db import Record
from libs.eventstore.errors import Conflict, Unreplayable
from libs.eventstore.feed import Feed
from libs.eventstore.heard import envelope_of
from libs.eventstore.projections import Projection, Replica
from libs.eventstore.recorded import Reader
from libs.eventstore.shadow import Difference, Shadow

SESSION = "set statement_timeout = 0; set lock_timeout = '10s'"
# Waits for writers under way, holds off new ones and other rebuilds; readers do not notice.
STOP_WRITERS = "lock table events, heard in share row exclusive mode"
REST = "select {columns} from {table} where {position} > $1 order by {position}"

LOGS = {"events": ("pos", recorded.COLUMNS), "heard": ("arrival", heard.COLUMNS)}
# What comes of an event that was changed, taken away or put elsewhere. A lock not had or a deadlock is none of these.
DAMAGE = (LookupError, ValueError, TypeError, InvalidTag, DataError, IntegrityConstraintViolationError, Conflict)
TRIES = 5  # at the last step, which may meet a writer who holds rows that it must change


@dataclass(frozen=True, slots=True)
class Report:
    """What was replayed, and which rows differed from it."""

    events: int
    heard: int
    differences: Sequence[Difference]


class Rebuild:
    """One run over `db`, a session of its own as the schema's owner; close it afterwards, the shadows go with it."""

    def __init__(self, db: Connection, reader: Reader, parts: Sequence[Projection | Replica]) -> None:
        if strangers := [part for part in parts if not isinstance(part, Projection | Replica)]:
            raise TypeError(f"only projections and replicas can be replayed, not {strangers}")
        self._db = db
        self._reader = reader
        self._projections = [part for part in parts if isinstance(part, Projection)]
        self._replicas = [part for part in parts if isinstance(part, Replica)]
        self._tables = [table for part in parts for table in part.tables]
        self._reached = {"events": 0, "heard": 0}
        self._replayed = {"events": 0, "heard": 0}

    async def compare(self) -> Report:
        """Change nothing. Exact at one moment, and no writer waits. Raises Unreplayable."""
        shadow = await self._replay()
        async with self._db.transaction(isolation="repeatable_read"):  # log and tables as of the same commits
            return await self._last_step(shadow)

    async def merge(self) -> Report:
        """Correct the rows that differ. Writers wait for the last page, the comparison and the correction.

        Raises Unreplayable, and asyncpg's LockNotAvailableError or DeadlockDetectedError when writers leave no gap.
        """
        shadow = await self._replay()
        for left in reversed(range(TRIES)):
            try:
                async with self._db.transaction():
                    await self._db.execute(STOP_WRITERS)
                    report = await self._last_step(shadow)
                    if report.differences:
                        await shadow.merge()
                return report
            except (DeadlockDetectedError, LockNotAvailableError):
                if not left:
                    raise
        raise AssertionError("unreachable")

    async def _replay(self) -> Shadow:
        """All but what is being written right now."""
        await self._db.execute(SESSION)
        shadow = Shadow(self._db, await self._db.fetchval("select current_schema()"), self._tables)
        await shadow.make()
        for table, (position, columns) in LOGS.items():
            feed = Feed(table, position, columns)
            while page := await feed.read(self._db, self._reached[table]):
                async with self._db.transaction():
                    for row in page:
                        await self._apply(table, row)
                self._reached[table] = page[-1][position]
                self._replayed[table] += len(page)
        return shadow

    async def _last_step(self, shadow: Shadow) -> Report:
        """In a transaction that sees a log without holes to come. May be rolled back and taken again."""
        replayed = dict(self._replayed)
        for table, (position, columns) in LOGS.items():
            rest = REST.format(table=table, position=position, columns=columns)
            async for row in self._db.cursor(rest, self._reached[table], prefetch=500):
                await self._apply(table, row)
                replayed[table] += 1
        return Report(replayed["events"], replayed["heard"], await shadow.differences())

    async def _apply(self, table: str, row: Record) -> None:
        try:
            await self._fold(table, row)
        except DAMAGE as error:  # from None: what a database says of a row quotes it
            place = f"{table} at {row[LOGS[table][0]]}: {row['name']} {row['event_id']}"
            raise Unreplayable(f"{place} cannot be replayed: {type(error).__name__}") from None

    async def _fold(self, table: str, row: Record) -> None:
        if table == "events":
            happened = await self._reader.read(row)
            for projection in self._projections:
                await projection.apply(self._db, happened)
        else:
            envelope = envelope_of(row)
            for replica in self._replicas:
                await replica.apply(self._db, envelope)
