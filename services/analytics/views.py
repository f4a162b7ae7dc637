"""A typed SQL view for every event, from the contracts: `select theme, count(*) from room_join group by all`."""

from typing import Any, Final

from libs.contracts.catalogue import published
from libs.contracts.event import Event
from libs.contracts.schema import Schema
from libs.contracts.schema import published as schema_of
from services.analytics.rows import SCHEMA

IDS: Final = ("event_id", "subject")
LAKE: Final = "lake"  # the rows as the files have them
EVENTS: Final = """
create view events as select {columns} from {lake}
"""
VIEW: Final = """
create view {name} as
select event_id, occurred_at, date, subject, stream_id, stream_version{fields} from events where name = '{name}'
"""
SCALARS: Final = {"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "string": "VARCHAR"}
FORMATS: Final = {"uuid": "UUID", "date-time": "TIMESTAMPTZ"}


def all_views() -> list[str]:
    """What to run, in this order, where `lake` is the table: `events`, then a view for each published event."""
    return [events_view(), *(event_view(event) for _, event in sorted(published().items()))]


def events_view() -> str:
    """Every event, ids as UUIDs and data as JSON."""
    types = dict.fromkeys(IDS, "UUID") | {"data": "JSON"}
    columns = [
        f"{quoted(name)}::{types[name]} as {quoted(name)}" if name in types else quoted(name) for name in SCHEMA.names
    ]
    return EVENTS.format(columns=", ".join(columns), lake=LAKE)


def event_view(event: type[Event]) -> str:
    """One event's fields as typed columns, after who, when and where."""
    fields = [f", {column(name, schema)}" for name, schema in schema_of(event)["properties"].items()]
    return VIEW.format(name=event.NAME, fields="".join(fields))


def column(name: str, schema: Schema) -> str:
    """A field of `data` as a column. Personal ids in it are pseudonyms."""
    kind = duckdb_type(schema)
    path = f"data->'$.\"{name}\"'" if kind == "JSON" or kind.endswith("[]") else f"data->>'$.\"{name}\"'"
    return f"({path})::{kind} as {quoted(name)}"


def duckdb_type(schema: Schema) -> str:
    """`{"type": "string", "format": "uuid"}` -> `UUID`; what is no scalar or list of scalars stays JSON."""
    variants: list[Any] = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    if len(variants) != 1:
        return "JSON"
    (only,) = variants
    if only.get("type") == "array":
        inner = duckdb_type(only["items"])
        return "JSON" if inner == "JSON" else f"{inner}[]"
    if "format" in only:
        return FORMATS.get(only["format"], "VARCHAR")
    if "type" not in only and "enum" in only:
        return "VARCHAR"
    return SCALARS.get(only.get("type", ""), "JSON")


def quoted(name: str) -> str:
    """As an identifier, for fields such as `from`."""
    return f'"{name}"'
