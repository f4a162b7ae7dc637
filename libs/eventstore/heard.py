"""What other services told us: the inbox that takes each event once, and the log our replicas are rebuilt from."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from libs.contracts.cloudevents import Envelope
from libs.eventstore.db import Db, Record

COLUMNS = """
arrival, event_id, name, schema_version, source, position, subject, stream_id, stream_version, data::text as data,
occurred_at
"""
RECEIVE = """
insert into heard
  (event_id, name, schema_version, source, position, subject, stream_id, stream_version, data, occurred_at)
select h.event_id, h.name, h.schema_version, h.source, h.position, h.subject, h.stream_id, h.stream_version,
  h.data::jsonb, h.occurred_at
from unnest($1::uuid[], $2::text[], $3::smallint[], $4::text[], $5::bigint[], $6::uuid[], $7::text[], $8::bigint[],
  $9::text[], $10::timestamptz[]) with ordinality
  as h (event_id, name, schema_version, source, position, subject, stream_id, stream_version, data, occurred_at, n)
order by h.n
on conflict (event_id) do nothing returning event_id
"""


async def receive(db: Db, envelope: Envelope) -> bool:
    """True when this event was not heard before. What it leads to belongs in the same transaction."""
    return bool(await receive_all(db, [envelope]))


async def receive_all(db: Db, envelopes: Sequence[Envelope]) -> list[Envelope]:
    """Those that were not heard before, in the order given, in one round trip."""
    columns = zip(*map(_row, envelopes), strict=True)
    fresh: set[UUID] = {row["event_id"] for row in await db.fetch(RECEIVE, *columns)} if envelopes else set()
    taken = []
    for envelope in envelopes:
        if envelope.id in fresh:
            fresh.remove(envelope.id)  # a batch may hold an event twice
            taken.append(envelope)
    return taken


def envelope_of(row: Record) -> Envelope:
    """As it was received, but for its trace and its cause: those belonged to the first time."""
    return Envelope(
        id=row["event_id"],
        name=row["name"],
        source=row["source"],
        subject=row["subject"],
        time=row["occurred_at"],
        schema_version=row["schema_version"],
        stream_id=row["stream_id"],
        stream_version=row["stream_version"],
        position=row["position"],
        correlation_id=None,
        causation_id=None,
        traceparent=None,
        data=orjson.loads(row["data"]),
    )


def _row(e: Envelope) -> tuple[object, ...]:
    data = orjson.dumps(e.data).decode()
    return e.id, e.name, e.schema_version, e.source, e.position, e.subject, e.stream_id, e.stream_version, data, e.time
