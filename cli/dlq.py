"""`virtubar dlq list|show|retry|discard`: records that a service could not take, and what waits behind them."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from cli.running import emit, running_bar, say, screen
from deploy.bar import SERVICES
from deploy.native.errors import BarError

if TYPE_CHECKING:
    from libs.chassis.consumers import DeadLetter, Parked

DATABASE_URL = "VIRTUBAR_DATABASE_URL"  # of one service; else those of the open bar
WAIT = 30.0  # seconds

app = typer.Typer(no_args_is_help=True, help="Dead letters: what a service could not take, and what waits behind it.")

Service = Annotated[str, typer.Argument(help="Whose: " + ", ".join(each.name for each in SERVICES) + ".")]
Number = Annotated[int, typer.Argument(metavar="ID", help="As `list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


@app.command("list")
def list_(
    service: Annotated[str | None, typer.Argument(help="Of this service only.")] = None, as_json: AsJson = False
) -> None:
    """What lies there, why, and how many wait behind it."""
    wanted = [service] if service else [each.name for each in SERVICES]
    found = [row for each in wanted for row in asyncio.run(_listed(each))]
    if as_json:
        emit(found)
        return
    table = Table("service", "id", "state", "kind", "tries", "behind", "origin", "reason")
    for row in found:
        columns = ("service", "id", "state", "kind", "tries", "behind", "origin", "reason")
        table.add_row(*(escape(str(row[name])) for name in columns))
    screen().print(table if found else "no dead letters")


@app.command()
def show(service: Service, number: Number) -> None:
    """The record, as it came."""
    emit(asyncio.run(_shown(service, number)))


@app.command()
def retry(
    service: Service,
    number: Annotated[int | None, typer.Argument(metavar="ID", help="As `list` shows it; all when left out.")] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the service to take them.")] = WAIT,
) -> None:
    """Have the service take it again, then those that wait behind it, in order. Only this service sees it."""
    asked, left = asyncio.run(_retried(service, number, wait))
    failed = [each for each in left if each.state == "dead"]
    if failed:
        reasons = "; ".join(f"{each.id}: {each.reason}" for each in failed)
        raise BarError(f"{service} could not take it: {reasons}", "repair what the reason names, then retry")
    if left:
        raise BarError(f"{service} has not taken it within {wait:g} s", f"see that the consumers of {service} run")
    say(f"{asked} taken, and all that waited behind")


@app.command()
def discard(
    service: Service,
    number: Number,
    behind: Annotated[bool, typer.Option("--behind", help="Those that wait behind it, too.")] = False,
) -> None:
    """Give it up for good; those behind it are taken."""
    if not asyncio.run(_discarded(service, number, behind)):
        raise _no_such(service, number)
    say(f"{number} discarded")


async def _listed(service: str) -> list[dict[str, Any]]:
    async with opened(service) as parked:
        return [_row(service, each) for each in await parked.dead()]


async def _shown(service: str, number: int) -> dict[str, Any]:
    async with opened(service) as parked:
        for dead in await parked.dead(number):
            letter = dead.letter
            return _row(service, dead) | {
                "first_seen": letter.first_seen.isoformat(),
                "key": _text(letter.key),
                "headers": {name: _text(value) for name, value in letter.headers},
                "value": _text(letter.value),
            }
    raise _no_such(service, number)


async def _retried(service: str, number: int | None, wait: float) -> tuple[int, Sequence["DeadLetter"]]:
    """How many were asked for, and which are still there: dead again, dead for the first time, or not looked at."""
    async with opened(service) as parked:
        others = {each.id for each in await parked.dead() if number is not None and each.id != number}
        asked = await parked.ask_retry(number)
        if number is not None and not asked:
            raise _no_such(service, number)
        until = asyncio.get_running_loop().time() + wait
        while True:
            left = [each for each in await parked.dead() if each.id not in others]
            if all(each.state == "dead" for each in left) or asyncio.get_running_loop().time() > until:
                return len(asked), left
            await asyncio.sleep(0.1)


async def _discarded(service: str, number: int, behind: bool) -> bool:
    async with opened(service) as parked:
        return await parked.discard(number, behind=behind)


@asynccontextmanager
async def opened(service: str) -> "AsyncIterator[Parked]":
    """A service's parked records; raises BarError for a service there is none of."""
    from libs.chassis.consumers import Parked
    from libs.chassis.postgres import connect

    if service not in {each.name for each in SERVICES}:
        raise BarError(f"there is no service {service}", f"name one of: {', '.join(s.name for s in SERVICES)}")
    url = os.environ.get(DATABASE_URL) or running_bar()[0].database_url(service)
    async with await connect(url, service, size=2) as pool:
        yield Parked(pool)


def _row(service: str, dead: "DeadLetter") -> dict[str, Any]:
    return {
        "service": service,
        "id": dead.id,
        "state": dead.state,
        "kind": dead.kind,
        "tries": dead.tries,
        "behind": dead.behind,
        "origin": dead.letter.origin,
        "reason": dead.reason,
    }


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode(errors="backslashreplace")


def _no_such(service: str, number: int) -> BarError:
    return BarError(f"{service} has no dead letter {number}", f"virtubar dlq list {service}")
