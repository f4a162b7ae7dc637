"""From a row of the log to a Kafka record, without parsing a byte of JSON: the relay's inner loop.

What it makes is what `libs.contracts.cloudevents.encode` makes of the same event; a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from libs.contracts.cloudevents import SCHEMA, SEALED
from libs.contracts.event import Event
from libs.eventstore.db import Record

COLUMNS = f"""
pos, name, schema_version, event_id::text as event_id, stream_id, version, subject::text as subject, recorded_at,
(data - '{SEALED}')::text as data, meta ->> 'correlation_id' as correlation_id, meta ->> 'causation_id' as causation_id,
meta ->> 'traceparent' as traceparent
"""

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Message:
    """A record for Kafka; without a topic it is stored only."""

    topic: str | None
    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Wire:
    """Writes messages as `source`, for the events of `catalogue`."""

    source: str
    catalogue: Mapping[str, type[Event]]

    def message(self, row: Record) -> Message:
        """Raises LookupError for an event this program does not know: skipping it would lose it."""
        event = self.catalogue[row["name"]]
        if event.TOPIC is None:
            return STORED_ONLY
        key = row["subject"].encode()
        time = row["recorded_at"].replace(tzinfo=None).isoformat() + "Z"  # asyncpg has it in UTC
        headers = [
            *_constant(row["name"], row["schema_version"], self.source),
            ("ce_id", row["event_id"].encode()),
            ("ce_subject", key),
            ("ce_time", time.encode()),
            ("ce_streamid", row["stream_id"].encode()),
            ("ce_streamversion", b"%d" % row["version"]),
            ("ce_position", b"%d" % row["pos"]),
        ]
        if correlation := row["correlation_id"]:
            headers.append(("ce_correlationid", correlation.encode()))
        if causation := row["causation_id"]:
            headers.append(("ce_causationid", causation.encode()))
        if trace := row["traceparent"]:
            headers.append(("traceparent", trace.encode()))
        return Message(event.NAME, key, row["data"].encode(), headers)


STORED_ONLY = Message(None, b"", b"", [])


@cache
def _constant(name: str, schema_version: int, source: str) -> Headers:
    return [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_type", name.encode()),
        ("ce_source", source.encode()),
        ("ce_dataschema", SCHEMA.format(name=name, version=schema_version).encode()),
    ]
