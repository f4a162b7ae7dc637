"""`virtubar demo`: an evening at the bar, then the proof that every fact of it is where it belongs, once."""

import asyncio
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.status import Status

from cli.demo.board import board, line
from cli.demo.host import Host
from cli.running import running_bar, say, stderr
from cli.verify.table import table
from cli.verify.verify import verified
from deploy.native.errors import BarError

SECONDS_A_LINE = 5.0
NEXT = """
[bold]The bar is still open.[/] Walk around in it:

  gateway        {gateway}   (docs at {gateway}/docs)
  mailbox        virtubar mail
  the lake       virtubar sql "select name, count(*) from events group by name order by 2 desc"
  one topic      virtubar events tail room_join
  the proof      virtubar verify
  what runs      virtubar status
  close it       make down
"""


def demo(
    guests: Annotated[int, typer.Option(min=1, max=500, help="How many people come.")] = 40,
    seconds: Annotated[float, typer.Option(min=5, max=3600, help="How long the evening lasts.")] = 30,
) -> None:
    """An evening at the bar: guests sign in, walk about, talk, leave; at the end the proof that nothing was lost."""
    native, _ = running_bar()
    host = Host(native.gateway_url, native.kafka_admin_url, native.mailbox, guests, seconds)
    asyncio.run(_on_the_board(host) if stderr.is_terminal else host.hold(_in_lines(host)))
    with Status("comparing every event in the stores, the topics and the lake", console=stderr) as status:
        report = verified(native, progress=status.update)
    Console(highlight=False).print(table(report))
    if not report.clean:
        raise BarError("the evening left something behind", "virtubar verify names it again")
    stderr.print(NEXT.format(gateway=native.gateway_url))


async def _on_the_board(host: Host) -> None:
    with Live(console=stderr, auto_refresh=False) as live:

        def show(elapsed: float) -> None:
            live.update(board(host.evening, host.pulse, elapsed, host.length), refresh=True)

        await host.hold(show)


def _in_lines(host: Host) -> Callable[[float], None]:
    """Where no terminal is watching: a line every few seconds."""
    due = 0.0

    def show(elapsed: float) -> None:
        nonlocal due
        if elapsed >= due:
            due += SECONDS_A_LINE
            say(line(host.evening, host.pulse, elapsed))

    return show
