"""`virtubar sql`: questions to the lake."""

import csv
import os
import sys
from json import dumps, loads
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from cli.running import say, screen
from deploy.native.errors import BarError
from deploy.native.native import Native

if TYPE_CHECKING:
    from services.analytics.queries import Answer, Queries

ON_SCREEN: Final = 200  # rows
DICTIONARY: Final = """
select name as event, count(*) as events, max(occurred_at) as newest from events group by all order by name
"""
VIEWS: Final = "virtubar sql 'show tables' lists what can be asked, virtubar sql 'describe room_join' its columns"


def sql(
    query: Annotated[str, typer.Argument(help="A select; without one, the events there are.")] = DICTIONARY,
    json: Annotated[bool, typer.Option("--json", help="One JSON document: a list of rows.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, with a header.")] = False,
) -> None:
    """Ask the lake: a view for each event (room_join, user_login …), and all of them in `events`."""
    if not query.strip():
        raise BarError("there is no question", VIEWS)
    answer = _answer(_queries(), query, most=None if json or as_csv else ON_SCREEN)
    if json:
        print(dumps([_document(answer, row) for row in answer.rows], default=_plain))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows([[_plain(value) if value is not None else "" for value in row] for row in answer.rows])
    else:
        _show(answer)


def _queries() -> "Queries":
    from services.analytics.queries import NoLake, Queries

    url = os.environ.get("VIRTUBAR_LAKE_URL") or Native.opened().lake_url
    try:
        return Queries(url)
    except NoLake:
        raise BarError(f"there is no lake at {url} yet", "make up, and wait for the first event") from None


def _answer(queries: "Queries", query: str, most: int | None) -> "Answer":
    import duckdb

    from services.analytics.queries import QueryRefused

    try:
        return queries.ask(query, most=most)
    except QueryRefused as refused:
        raise BarError(str(refused), VIEWS) from None
    except duckdb.Error as error:
        raise BarError(str(error).strip(), VIEWS) from None


def _show(answer: "Answer") -> None:
    table = Table(*map(escape, answer.columns), box=None, header_style="bold")
    for row in answer.rows:
        table.add_row(*("" if value is None else escape(str(_plain(value))) for value in row))
    screen().print(table)
    if answer.more:
        say(f"… and more: these are the first {len(answer.rows)} rows; --csv or --json give all")


def _document(answer: "Answer", row: tuple[Any, ...]) -> dict[str, Any]:
    columns = zip(answer.columns, answer.types, row, strict=True)
    return {name: loads(value) if kind == "JSON" and value is not None else value for name, kind, value in columns}


def _plain(value: Any) -> Any:
    """As text where JSON has no word for it. Whole numbers stay numbers however wide DuckDB made them."""
    from datetime import date, datetime, time
    from decimal import Decimal

    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bool | int | float | str | list | dict):
        return value
    return str(value)
