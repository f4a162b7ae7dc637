"""`virtubar rebuild`: a service's tables from its events, beside the live ones, while the service runs."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final

import typer

from cli.running import emit, running_bar, say
from cli.verify.sources import Service, of_native
from cli.verify.tables import replayed, sentences
from deploy.native.errors import BarError
from deploy.native.native import Native
from libs.eventstore.errors import Unreplayable
from libs.eventstore.rebuild import Report

SHOWN: Final = 20  # rows


def rebuild(
    service: Annotated[str, typer.Argument(help="identity, rooms …")],
    projection: Annotated[str | None, typer.Argument(help="One of its projections; all where left out.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Fold a service's tables anew, correct the rows that differ, and say which did."""
    native, _ = running_bar()
    try:
        report = asyncio.run(replayed(chosen(native, service, projection), merge=True))
    except Unreplayable as stopped:
        raise BarError(
            f"{service}: {stopped}", "nothing was changed; virtubar verify names what else is wrong"
        ) from None
    if json:
        emit(document(report))
        return
    say(f"replayed {report.events:,} events and {report.heard:,} heard from others")
    found = sentences(service, report.differences)
    for sentence in found[:SHOWN]:
        say(f"mended  {sentence}")
    if len(found) > SHOWN:
        say(f"… and {len(found) - SHOWN:,} more")
    say(f"{len(found):,} rows differed" if found else "every row was what the events come to")


def chosen(native: Native, name: str, projection: str | None) -> Service:
    """The service with the tables that are asked for. Raises BarError, naming what there is."""
    services = {each.name: each for each in of_native(native).services if each.kept.tables}
    if name not in services:
        raise BarError(f"{name} keeps no tables from events", f"name one of: {', '.join(services)}")
    tables = services[name].kept.tables
    if projection is None:
        return services[name]
    if projection not in tables:
        raise BarError(f"{name} has no projection {projection}", f"name one of: {', '.join(tables)}")
    return replace(services[name], kept=replace(services[name].kept, tables={projection: tables[projection]}))


def document(report: Report) -> Mapping[str, Any]:
    """As `--json` prints it. Says which rows, never what was in them."""
    differences = [
        {"table": each.table, "key": dict(each.key), "was": each.kind, "columns": list(each.columns)}
        for each in report.differences
    ]
    return {"events": report.events, "heard": report.heard, "differences": differences}
