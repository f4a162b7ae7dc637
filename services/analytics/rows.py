"""What a row of the lake is, and how a fact becomes one: the same fact, about nobody in particular."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from services.analytics.facts import Fact
from services.analytics.pseudonyms import Names

SCHEMA: Final = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("schema_version", pa.int32(), nullable=False),
        pa.field("date", pa.date32(), nullable=False),  # of occurred_at, UTC: the partition
        pa.field("occurred_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("position", pa.int64(), nullable=False),
        pa.field("topic", pa.string(), nullable=False),
        pa.field("partition", pa.int32(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("stream_id", pa.string()),  # null: it named somebody who was erased
        pa.field("stream_version", pa.int64(), nullable=False),
        pa.field("subject", pa.string()),  # null: erased
        pa.field("data", pa.string(), nullable=False),
    ]
)
"""The lake's one table. `data` is JSON; subject and every user id inside `stream_id` and `data` are pseudonyms."""


class Row(NamedTuple):
    """SCHEMA without `date`."""

    event_id: str
    name: str
    schema_version: int
    occurred_at: datetime
    source: str
    position: int
    topic: str
    partition: int
    offset: int
    stream_id: str | None
    stream_version: int
    subject: str | None
    data: str


def row_of(fact: Fact, names: Names) -> Row:
    """The fact with a pseudonym wherever it names somebody, null where they were erased; `names` has all its users."""
    stream_id: str | None = fact.stream_id
    subject: str | None = fact.subject
    data = fact.data
    for user in fact.users:
        name = names[user]
        data = data.replace(f'"{user}"', "null" if name is None else f'"{name}"')
        if stream_id and user in stream_id:
            stream_id = name and stream_id.replace(user, name)
        if subject == user:
            subject = name
    return Row(
        fact.event_id,
        fact.name,
        fact.schema_version,
        fact.occurred_at,
        fact.source,
        fact.position,
        fact.name,
        fact.partition,
        fact.offset,
        stream_id,
        fact.stream_version,
        subject,
        data,
    )


def table_of(rows: Sequence[Row]) -> pa.Table:
    """The rows as Arrow, in SCHEMA's order."""
    if not rows:
        return SCHEMA.empty_table()
    columns = dict(zip(Row._fields, zip(*rows, strict=True), strict=True))
    arrays = {name: pa.array(values, SCHEMA.field(name).type) for name, values in columns.items()}
    arrays["date"] = pc.cast(arrays["occurred_at"], pa.date32())
    return pa.Table.from_arrays([arrays[name] for name in SCHEMA.names], schema=SCHEMA)
