"""`virtubar demo`: a night at the bar, then the proof that every fact of it is where it belongs, once."""

import asyncio
import signal
from collections.abc import Callable
from shutil import which
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.live import Live
from rich.status import Status

from cli.demo import outcome, samples
from cli.demo.board import board, line
from cli.demo.evening import Happening
from cli.demo.facts import Facts
from cli.demo.host import Host
from cli.running import running_bar, say, stderr
from cli.verify.report import Report
from cli.verify.verify import verified
from clients.python import ClientError
from deploy.native.errors import BarError

SECONDS_A_LINE: Final = 5.0
INTERRUPTED: Final = 130  # exit status, as shells have it
NEXT: Final = """
[bold]The bar is still open.[/] Walk around in it:

{first}  gateway        {gateway}   (docs at {gateway}/docs)
  mailbox        virtubar mail
  the lake       virtubar sql            [dim]every event there is[/]
  one topic      virtubar events tail room_join --from-beginning
  the proof      virtubar verify
  every table    virtubar rebuild rooms  [dim]from the log alone[/]
  what runs      virtubar status
  close it       make down
"""

FIRST: Final = "  first          source .venv/bin/activate\n"


def demo(
    guests: Annotated[int, typer.Option(min=1, max=500, help="How many people come, besides nine regulars.")] = 40,
    seconds: Annotated[float, typer.Option(min=5, max=3600, help="How long the evening lasts.")] = 30,
) -> None:
    """A night at the bar: guests meet, talk, drink, quarrel and make up; at the end the proof that nothing was lost."""
    native, _ = running_bar()
    host = Host(native, guests, seconds)
    try:
        asyncio.run(_evening(host))
    except* (ClientError, TimeoutError) as troubles:
        raise BarError(f"the evening broke off: {_first(troubles)}", "virtubar status, virtubar logs SERVICE") from None
    if host.ended_early:
        say("The evening ended early; the bar is still open.")
        raise typer.Exit(INTERRUPTED)
    with Status("comparing every event in the stores, the topics and the lake", console=stderr) as status:
        report = verified(native, progress=status.update)
    screen, checked = Console(highlight=False), host.facts.checked
    for part in (outcome.events(report, host.pulse.tonight), "", outcome.facts(checked), ""):
        screen.print(part)
    screen.print(outcome.verdict(report, checked))
    judge(report, host.facts)
    screen.print()
    screen.print(samples.answers(native), soft_wrap=True)
    stderr.print(NEXT.format(first="" if which("virtubar") else FIRST, gateway=native.gateway_url))


def judge(report: Report, facts: Facts) -> None:
    """Raises BarError unless everything is where it belongs and the story was true."""
    if not report.clean:
        raise BarError("the evening left something behind", "virtubar verify names it again")
    if not facts.hold:
        raise BarError("not everything was as it should be", "virtubar logs SERVICE, for whoever was to see to it")


async def _evening(host: Host) -> None:
    """Until everybody is home; the first Ctrl-C sends them there, a second one does not wait for them."""
    loop = asyncio.get_running_loop()

    def ctrl_c() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        host.last_orders()

    loop.add_signal_handler(signal.SIGINT, ctrl_c)
    await (_on_the_board(host) if stderr.is_terminal else host.hold(_in_lines(host)))


async def _on_the_board(host: Host) -> None:
    with Live(console=stderr, auto_refresh=False) as live:

        def show(elapsed: float) -> None:
            live.update(board(host.evening, host.pulse, elapsed, host.length), refresh=True)

        await host.hold(show)


def _in_lines(host: Host) -> Callable[[float], None]:
    """Where no terminal is watching: the story as it goes, and the figures every few seconds."""
    due = 0.0

    def happens(happening: Happening) -> None:
        if happening.story:
            say(f"        {happening.words}")

    def show(elapsed: float) -> None:
        nonlocal due
        if elapsed >= due:
            due += SECONDS_A_LINE
            say(line(host.evening, host.pulse, elapsed))

    host.evening.listeners.append(happens)
    return show


def _first(troubles: BaseExceptionGroup) -> BaseException:
    first: BaseException = troubles
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
