"""The `virtubar` command. One file per command; a new one is its import and one line below.

A command is a function (`app.command()(name.name)`) or a group of its own (`app.add_typer(name.app, name="name")`).
It prints what it is asked for on stdout and everything else on stderr, and raises BarError, which ends in a
sentence, the next step, and exit status 1. Libraries that take long to import belong inside the function.
"""

import importlib.metadata
import sys
from typing import Annotated

import typer
from rich.console import Console

from cli import dlq, down, events, logs, mail, rebuild, role, sql, status, timeline, up
from cli.demo import command as demo
from cli.verify import command as verify
from deploy.native.errors import BarError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        print(importlib.metadata.version("virtubar"))
        raise typer.Exit


@app.callback()
def virtubar(
    version: Annotated[bool, typer.Option("--version", help="Which one.", callback=_version, is_eager=True)] = False,
) -> None:
    """A virtual bar."""


app.command()(up.up)
app.command()(down.down)
app.command()(status.status)
app.command()(logs.logs)
app.command()(mail.mail)
app.command()(demo.demo)
app.command()(sql.sql)
app.command()(verify.verify)
app.command()(rebuild.rebuild)
app.add_typer(dlq.app, name="dlq")
app.add_typer(events.app, name="events")
app.add_typer(role.app, name="role")
app.add_typer(timeline.app, name="timeline")


def main() -> None:
    """Run the command line; the process ends with its exit status."""
    try:
        app()
    except BarError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"[red]{_escaped(error.problem)}[/red]")
        console.print(f"[bold]Next:[/bold] {_escaped(error.next_step)}")
        sys.exit(1)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


if __name__ == "__main__":
    main()
