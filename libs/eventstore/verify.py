"""Is every stream's row what its events come to?"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from libs.contracts.catalogue import EVENTS
from libs.contracts.event import Event
from libs.eventstore.db import Db, Record
from libs.eventstore.decider import Decider

# Streams that have a row as well as those that only have events. The state is sent once per stream.
ROWS = """
select coalesce(s.stream_id, e.stream_id) as stream_id, s.kind, s.version, s.state_schema,
  case when coalesce(e.version, 1) = 1 then s.state::text end as state,
  e.version as event_version, e.pos, e.name, e.schema_version, e.subject, e.data::text as data
from streams s full join events e on e.stream_id = s.stream_id order by 1, e.version
"""


@dataclass(frozen=True, slots=True)
class StreamFault:
    """A stream whose row and events disagree."""

    stream_id: str
    reason: str


async def stream_faults(
    db: Db, deciders: Mapping[str, Decider[Any, Any]], catalogue: Mapping[str, type[Event]] = EVENTS
) -> AsyncIterator[StreamFault]:
    """Fold every stream of the schema anew, at one moment. `deciders` by kind; a kind without one is a fault."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        async for rows in _streams(db):
            if reason := _disagreement(rows, deciders, catalogue):
                yield StreamFault(rows[0]["stream_id"], reason)


async def _streams(db: Db) -> AsyncIterator[list[Record]]:
    stream: list[Record] = []
    async for row in db.cursor(ROWS, prefetch=1000):
        if stream and stream[0]["stream_id"] != row["stream_id"]:
            yield stream
            stream = []
        stream.append(row)
    if stream:
        yield stream


def _disagreement(
    rows: list[Record], deciders: Mapping[str, Decider[Any, Any]], catalogue: Mapping[str, type[Event]]
) -> str | None:
    head = rows[0]
    if head["kind"] is None:
        return "events without a stream row"
    if head["event_version"] is None:
        return "a stream row without events"
    if [row["event_version"] for row in rows] != list(range(1, head["version"] + 1)):
        return f"{len(rows)} events do not number from 1 to {head['version']}"
    if [row["pos"] for row in rows] != sorted(row["pos"] for row in rows):
        return "its events are in another order in the log"
    events = []
    for row in rows:
        try:
            events.append(catalogue[row["name"]].read(orjson.loads(row["data"]), row["schema_version"]))
        except (LookupError, ValueError, TypeError) as error:
            return f"version {row['event_version']} ({row['name']}) cannot be read: {type(error).__name__}"
        if events[-1].subject != row["subject"]:
            return f"version {row['event_version']} ({row['name']}) is about somebody else than its row says"
    decider = deciders.get(head["kind"])
    if decider is None:
        return f"nobody decides streams of kind {head['kind']}"
    if head["state"] is None or head["state_schema"] != decider.state_schema:
        return None  # the next load folds it
    try:
        state = decider.codec.validate_json(head["state"])
    except ValidationError:
        return "the state cannot be read"
    return None if state == decider.fold(events) else "the state is not the fold"
