"""SQL over the lake: DuckDB as an engine that reads the live files and can do nothing else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from services.analytics.lake import storage_of
from services.analytics.rows import SCHEMA
from services.analytics.views import LAKE, all_views

FILES: Final = """
create view {lake} as select {columns}
from read_parquet({files}, hive_partitioning = true, hive_types = {{'date': date}})
"""
# From here on nothing but the lake's files can be opened, and nobody can change that.
LOCK: Final = (
    "set timezone = 'UTC'",
    "set allowed_paths = {files}",
    "set enable_external_access = false",
    "set lock_configuration = true",
)
# Only as the first word: one taken out of the middle of a text would make another text of it.
EXPLAIN: Final = re.compile(r"\A\s*explain\s+(analyze\s+)?", re.IGNORECASE)


class QueryRefused(Exception):
    """The text is not one statement that reads; `str(error)` says why."""


class NoLake(Exception):
    """There is no lake at this address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows with the names and DuckDB types of their columns."""

    columns: Sequence[str]
    types: Sequence[str]
    rows: Sequence[tuple[Any, ...]]
    more: bool  # there were more rows than were asked for


class Queries:
    """The lake as it was when this was made."""

    def __init__(self, url: str) -> None:
        """Raises NoLake."""
        try:
            table = DeltaTable(url, storage_options=storage_of(url))
        except TableNotFoundError:
            raise NoLake(url) from None
        self._db = duckdb.connect()
        files = attach(self._db, table, LAKE)
        for view in all_views():
            self._db.execute(view)
        for setting in LOCK:
            self._db.execute(setting.format(files=_list(files)))

    def ask(self, sql: str, *, most: int | None = None) -> Answer:
        """Answer one `select`, `describe`, `show` … Raises QueryRefused, and duckdb.Error for what DuckDB refuses."""
        _only_reading(sql)
        found = self._db.execute(sql)
        described = found.description or []
        rows = found.fetchall() if most is None else found.fetchmany(most + 1)
        kept = rows if most is None else rows[:most]
        return Answer(
            [each[0] for each in described], [str(each[1]) for each in described], kept, len(kept) < len(rows)
        )


def attach(db: duckdb.DuckDBPyConnection, table: DeltaTable, name: str) -> list[str]:
    """Make the table's live files readable as the view `name`, with SCHEMA's columns; the local ones among them."""
    files = [unquote(file) for file in table.file_uris() if "://" not in file]
    if files:
        columns = ", ".join(f'"{column}"' for column in SCHEMA.names)
        db.execute(FILES.format(lake=name, columns=columns, files=_list(files)))
    else:  # an empty lake, or one in a store that DuckDB has no driver for
        db.register(name, table.to_pyarrow_dataset() if table.file_uris() else SCHEMA.empty_table())
    return files


def _only_reading(sql: str) -> None:
    """The files are out of reach of writes already; this is for a clear answer, and for the rest of the session."""
    statements = duckdb.extract_statements(EXPLAIN.sub("", sql, count=1))
    if len(statements) != 1:
        raise QueryRefused(f"one statement at a time, not {len(statements)}")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise QueryRefused("only select, describe, show and explain: the lake is read-only")


def _list(files: Sequence[str]) -> str:
    return "[" + ", ".join("'" + file.replace("'", "''") + "'" for file in files) + "]"
