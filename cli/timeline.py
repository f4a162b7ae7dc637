"""`virtubar timeline`: which history the logs are, after a restore."""

import asyncio
from typing import Annotated

import typer

from cli.running import emit, running_bar, say
from cli.verify.sources import of_native
from deploy.native.native import Native
from libs.chassis.postgres import session
from libs.eventstore import timeline

app = typer.Typer(no_args_is_help=True, help="Which history the logs are, after a restore.")


@app.callback()
def group() -> None:
    """Keeps `bump` a word of its own while it is the only one."""


@app.command()
def bump(json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """Begin the next timeline of every service: once after PostgreSQL was restored from a backup."""
    native, _ = running_bar()
    numbers = asyncio.run(bumped(native))
    if json:
        emit(numbers)
        return
    for service, number in numbers.items():
        say(f"{service}: timeline {number}")


async def bumped(native: Native) -> dict[str, int]:
    """The new timeline of each service. Relays let go of the old one after at most a page."""
    numbers: dict[str, int] = {}
    for service in of_native(native).services:
        db = await session(service.url, service.name)
        try:
            numbers[service.name] = await timeline.bump(db)
        finally:
            await db.close()
    return numbers
