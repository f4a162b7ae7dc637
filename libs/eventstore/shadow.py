"""The tables as the log would have them, beside the tables as they are.

The shadows are temporary tables of the live ones' names: PostgreSQL looks there first, so the projections' own SQL
fills them unchanged, and nothing is left behind however a rebuild ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from libs.eventstore.db import Db
from libs.eventstore.projections import Table

SHADOW = "create temporary table {name} (like {live} including all)"
ANALYZE = "analyze pg_temp.{name}"
DIFFERENCES = """
select jsonb_build_object({named_key})::text as key,
  case when l.here is null then 'missing' when s.here is null then 'extra' else 'changed' end as kind,
  array_remove(array[{changed}]::text[], null) as columns
from (select true as here, {all} from {live}) l full join (select true as here, {all} from pg_temp.{name}) s
  using ({key})
where l is distinct from s order by {key}
"""
DELETE = "delete from {live} l where not exists (select from pg_temp.{name} s where ({s_key}) = ({l_key}))"
UPSERT = """
insert into {live} as l ({all}) select {all} from pg_temp.{name} on conflict ({key}) {otherwise}
"""
UPDATE = "do update set ({columns}) = row({excluded}) where ({l_columns}) is distinct from ({excluded})"


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what the events come to. Says where, never what: rows hold personal data."""

    table: str
    key: Mapping[str, Any]
    kind: Literal["missing", "extra", "changed"]  # in the live table
    columns: tuple[str, ...] = ()  # the changed ones


class Shadow:
    """The shadows of some tables, in one session that must be theirs alone."""

    def __init__(self, db: Db, schema: str, tables: Sequence[Table]) -> None:
        self._db = db
        self._schema = schema
        self._tables = tables

    async def make(self) -> None:
        for table in self._tables:
            await self._db.execute(SHADOW.format(**self._words(table)))

    async def differences(self) -> list[Difference]:
        """Row by row, in the tables' order."""
        found = []
        for table in self._tables:
            words = self._words(table)
            await self._db.execute(ANALYZE.format(**words))
            for row in await self._db.fetch(DIFFERENCES.format(**words)):
                columns = tuple(row["columns"]) if row["kind"] == "changed" else ()
                found.append(Difference(table.name, orjson.loads(row["key"]), row["kind"], columns))
        return found

    async def merge(self) -> None:
        """Make the live tables equal to their shadows."""
        for table in reversed(self._tables):
            await self._db.execute(DELETE.format(**self._words(table)))
        for table in self._tables:
            await self._db.execute(UPSERT.format(**self._words(table)))

    def _words(self, table: Table) -> dict[str, str]:
        def each(columns: Sequence[str], form: str = "{0}") -> str:
            return ", ".join(form.format(column) for column in columns)

        words = {
            "name": table.name,
            "live": f"{self._schema}.{table.name}",
            "key": each(table.key),
            "named_key": each(table.key, "'{0}', {0}"),
            "s_key": each(table.key, "s.{0}"),
            "l_key": each(table.key, "l.{0}"),
            "all": each((*table.key, *table.columns)),
            "columns": each(table.columns),
            "l_columns": each(table.columns, "l.{0}"),
            "excluded": each(table.columns, "excluded.{0}"),
            "changed": each(table.columns, "case when l.{0} is distinct from s.{0} then '{0}' end"),
        }
        return words | {"otherwise": UPDATE.format(**words) if table.columns else "do nothing"}
