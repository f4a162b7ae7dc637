"""The specification's tables, read from its own words (tables.md)."""

import re
from pathlib import Path
from typing import Final, NamedTuple

TEXT: Final = Path(__file__).with_name("tables.md")
HEADING: Final = re.compile(r"### 2\.\d+ (\w+)")
UNIQUE: Final = re.compile(r"Unique constraint on \(([\w, ]+)\)")
WORD: Final = re.compile(r"`(\w+)`")
TYPES: Final = {"timestamptz": "timestamp with time zone", "int": "integer"}
"""How PostgreSQL says it, where that differs."""


class Column(NamedTuple):
    type: str
    is_key: bool
    is_unique: bool
    refers: bool
    words: frozenset[str]  # the only ones there may be; none where anything goes, or the list goes on


class Table(NamedTuple):
    name: str
    columns: dict[str, Column]
    unique: list[tuple[str, ...]]  # over several columns

    @property
    def key(self) -> list[str]:
        return [name for name, column in self.columns.items() if column.is_key]


def tables(text: str) -> dict[str, Table]:
    """By name."""
    found: dict[str, Table] = {}
    for line in text.splitlines():
        if heading := HEADING.match(line):
            table = found.setdefault(heading[1], Table(heading[1], {}, []))
        elif unique := UNIQUE.match(line):
            table.unique.append(tuple(name.strip() for name in unique[1].split(",")))
        elif line.startswith("|") and not line.startswith(("| column", "|---")):
            name, kind, *notes = (cell.strip() for cell in line.strip("|").split("|"))
            table.columns[name] = _column(kind, " ".join(notes))
    return found


def _column(kind: str, notes: str) -> Column:
    type_, *marks = kind.split(maxsplit=1)
    said = " ".join(marks)
    words = frozenset() if "etc" in notes else frozenset(WORD.findall(f"{said} {notes}"))
    return Column(TYPES.get(type_, type_), "pk" in said, "unique" in said, "fk" in said, words)
