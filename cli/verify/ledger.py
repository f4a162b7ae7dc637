"""Everything that was found, in one place where it can be compared in SQL."""

from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import pyarrow as pa

from services.analytics.facts import Fact

FACT: Final = [
    ("event_id", pa.string()),
    ("name", pa.string()),
    ("schema_version", pa.int32()),
    ("occurred_at", pa.timestamp("us", tz="UTC")),
    ("stream_id", pa.string()),
    ("stream_version", pa.int64()),
    ("subject", pa.string()),
    ("data", pa.string()),
]
PLACE: Final = [("topic", pa.string()), ("partition", pa.int32()), ("offset", pa.int64())]
CONTENTS: Final = ("data", "l_data")
TABLES: Final = {
    # What the event stores have; the l_ columns are what the lake should hold of it, if nobody in it was erased.
    "committed": pa.schema(
        [
            *FACT,
            ("service", pa.string()),
            ("position", pa.int64()),
            ("erased", pa.bool_()),
            ("l_stream_id", pa.string()),
            ("l_subject", pa.string()),
            ("l_data", pa.string()),
        ]
    ),
    # What the topics have, every telling of it.
    "told": pa.schema([*FACT, *PLACE, ("source", pa.string()), ("position", pa.int64())]),
    # What they have that is no event, and what the sink has set aside.
    "unreadable": pa.schema([*PLACE, ("reason", pa.string())]),
    "aside": pa.schema(PLACE),
    # Where each partition begins by now, and how far each service was looked at.
    "begins": pa.schema([("topic", pa.string()), ("partition", pa.int32()), ("first", pa.int64())]),
    "horizon": pa.schema([("service", pa.string()), ("upper", pa.int64()), ("timeline", pa.int32())]),
}


def facts(fact: Fact) -> tuple[Any, ...]:
    """A fact's values in the order of FACT."""
    return tuple(getattr(fact, name) for name, _ in FACT)


class Ledger:
    """Tables to fill and to ask. `db` has them, and `landed` once a lake was opened."""

    def __init__(self) -> None:
        self.db = duckdb.connect()
        self.db.execute("set timezone = 'UTC'")
        self._spill = TemporaryDirectory(prefix="virtubar-verify-")  # for more events than memory
        self.db.execute("set temp_directory = '" + self._spill.name + "'")
        for name, schema in TABLES.items():
            self.db.register("empty", schema.empty_table())
            self.db.execute(f"create table {name} as select * from empty")  # noqa: S608  # our own names
            self.db.unregister("empty")

    def add(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Rows in the order of the table's columns."""
        if not rows:
            return
        schema = TABLES[table]
        columns = zip(*rows, strict=True)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
        self.db.register("page", pa.Table.from_arrays(arrays, schema=schema))
        digests = ", ".join(f"md5({name}) as {name}" for name in schema.names if name in CONTENTS)
        kept = f"* replace ({digests})" if digests else "*"  # to be told apart, a digest will do
        self.db.execute(f"insert into {table} select {kept} from page")  # noqa: S608
        self.db.unregister("page")

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.db.execute(sql).fetchall()
        return found
