"""One transaction's work: guard, look, append, project, and remember the answer, in this order."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import uuid4

import orjson

from libs.contracts.event import Event
from libs.eventstore.db import Db, Record
from libs.eventstore.decider import Decider
from libs.eventstore.errors import Conflict, Misuse
from libs.eventstore.idempotency import Answer, Once, recall, remember
from libs.eventstore.meta import Meta
from libs.eventstore.recorded import Reader, Recorded

S = TypeVar("S")
C = TypeVar("C")

Project = Callable[[Db, Recorded], Awaitable[None]]
"""Writes what happened into the tables: atomic upserts, ids and times from the event."""

LARGEST = 262_144  # characters of an event's data

LOAD = "select version, state_schema, state::text as state from streams where stream_id = $1"
HISTORY = """
select name, schema_version, data::text as data from events where stream_id = $1 and version <= $2 order by version
"""
# No row comes back when the stream has moved on, and then nothing was written and no position drawn.
APPEND = """
with born as (
  insert into streams (stream_id, kind, version, state, state_schema)
  select $1, $2, cardinality($7::uuid[]), $4::text::jsonb, $5 where $3::bigint = 0
  on conflict (stream_id) do nothing returning version
), moved as (
  update streams set version = version + cardinality($7::uuid[]), state = $4::text::jsonb, state_schema = $5
  where $3::bigint > 0 and stream_id = $1 and version = $3::bigint returning version
)
insert into events (stream_id, version, event_id, name, schema_version, subject, data, meta, recorded_at)
select $1, $3::bigint + e.n, e.id, e.name, e.schema_version, e.subject, e.data::jsonb, $12::text::jsonb, $6
from (select version from born union all select version from moved) won
cross join unnest($7::uuid[], $8::text[], $9::smallint[], $10::uuid[], $11::text[])
  with ordinality as e (id, name, schema_version, subject, data, n)
order by e.n returning pos
"""


@dataclass(frozen=True, slots=True)
class Stream(Generic[S]):
    """A stream as it was looked at: the version an append must find again, and what its events come to."""

    stream_id: str
    version: int  # 0: there is no such stream yet
    state: S


@dataclass(slots=True)
class Unit:
    """The work of one transaction. `db` is for queries and operational tables; facts go through `append`."""

    db: Db
    at: datetime
    project: Project
    reader: Reader
    recorded: list[Recorded] = field(default_factory=list)
    meta: Meta | None = None  # of appends that bring none of their own
    _once: Once | None = None

    async def once(self, once: Once) -> Answer | None:
        """The answer this request got before, if it did. First thing in a unit: a repeat takes no guard.

        Raises IdempotencyInFlight, IdempotencyMismatch.
        """
        self._once = once
        return await recall(self.db, once)

    async def guard(self, sql: str, ids: Iterable[Any], *more: Any) -> list[Record]:
        """Lock guard rows: `select ... where id = any($1) order by id for update`; `more` are $2 and so on.

        Comes before any append, or positions are drawn before the lock is held and prefixes of the log break the rule
        that the guard is there for; and in one order, or two of them deadlock. Raises Misuse otherwise.
        """
        if self.recorded:
            raise Misuse("guards are locked before the first append")
        if "order by" not in sql:
            raise Misuse("guards are locked in the order of their ids")
        return await self.db.fetch(sql, list(ids), *more)

    async def load(self, decider: Decider[S, C], stream_id: str) -> Stream[S]:
        """One primary-key read whatever the length; a state of another schema is folded from the events."""
        return await self.read(decider, stream_id, await self.db.fetchrow(LOAD, stream_id))

    async def read(self, decider: Decider[S, C], stream_id: str, row: Record | None) -> Stream[S]:
        """The stream from a row that a look of one's own has brought along: `version`, `state_schema`, `state` as text.

        None, or a `version` of None: there is no such stream.
        """
        if row is None or row["version"] is None:
            return Stream(stream_id, 0, decider.initial)
        if row["state"] is not None and row["state_schema"] == decider.state_schema:
            return Stream(stream_id, row["version"], decider.codec.validate_json(row["state"]))
        return Stream(stream_id, row["version"], await self._fold(decider, stream_id, row["version"]))

    async def append(
        self, decider: Decider[S, C], stream: Stream[S], events: Sequence[Event], meta: Meta | None = None
    ) -> Stream[S]:
        """Record what happened, in one round trip, and project it. Raises Conflict on a lost race."""
        if not events:
            return stream
        state = decider.fold(events, stream.state)
        stored = (meta or self.meta or Meta()).stored()
        ids = [uuid4() for _ in events]
        data = [await self.reader.cipher.seal(event, id) for event, id in zip(events, ids, strict=True)]
        if max(map(len, data)) > LARGEST:
            raise Misuse("no broker would take an event that large, and all behind it would wait")
        positions = await self.db.fetch(
            APPEND,
            stream.stream_id,
            decider.kind,
            stream.version,
            decider.codec.dump_json(state).decode(),
            decider.state_schema,
            self.at,
            ids,
            [event.NAME for event in events],
            [event.VERSION for event in events],
            [event.subject for event in events],
            data,
            stored,
        )
        if not positions:
            raise Conflict(stream.stream_id)
        for n, (event, id, row) in enumerate(zip(events, ids, positions, strict=True), stream.version + 1):
            happened = Recorded(event, id, stream.stream_id, n, row["pos"], self.at, orjson.loads(stored))
            self.recorded.append(happened)
            await self.project(self.db, happened)
        return Stream(stream.stream_id, stream.version + len(events), state)

    async def answer(self, answer: Answer) -> Answer:
        """Remember how this request was answered, in the same transaction. Last thing in a unit."""
        if self._once is None:
            raise Misuse("`once` comes before `answer`")
        await remember(self.db, self._once, answer, self.at)
        return answer

    async def _fold(self, decider: Decider[S, C], stream_id: str, version: int) -> S:
        state = decider.initial
        async for row in self.db.cursor(HISTORY, stream_id, version, prefetch=500):
            event = self.reader.catalogue[row["name"]].read(orjson.loads(row["data"]), row["schema_version"])
            state = decider.fold([event], state)
        return state
