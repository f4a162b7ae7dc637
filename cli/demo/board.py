"""The live view: rooms, guests, events a second."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.demo.evening import Evening
from cli.demo.pulse import Pulse

COLOURS = {"lounge": "magenta", "dance": "cyan", "sports": "green"}


def board(evening: Evening, pulse: Pulse, elapsed: float, length: float) -> RenderableType:
    """The evening as it stands, `elapsed` seconds into its `length`."""
    return Panel(
        Group(_clock(elapsed, length), Text(), _rooms(evening), Text(), _figures(evening, pulse)),
        title="[bold]An evening at the bar[/]",
        border_style="yellow",
        padding=(1, 2),
    )


def line(evening: Evening, pulse: Pulse, elapsed: float) -> str:
    """The same in one line."""
    return (
        f"{elapsed:4.0f} s  {evening.signed_in} of {evening.guests} signed in, {evening.inside} in a room, "
        f"{evening.moves:,} moves, {evening.seen:,} seen, {evening.words:,} said; {pulse.total:,} events"
    )


def _clock(elapsed: float, length: float) -> RenderableType:
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(ratio=1)
    line.add_column(justify="right")
    line.add_row(
        ProgressBar(total=length, completed=min(elapsed, length)), f"{min(elapsed, length):.0f} / {length:.0f} s"
    )
    return line


def _rooms(evening: Evening) -> RenderableType:
    table = Table(expand=True, box=None, pad_edge=False)
    table.add_column("room", ratio=2)
    table.add_column("guests", ratio=3)
    table.add_column("", justify="right", width=4)
    table.add_column("last words", ratio=4, no_wrap=True)
    for floor in evening.floors.values():
        people = Text("●" * min(floor.guests, 40), style=COLOURS.get(floor.theme, "white"))
        table.add_row(floor.name, people, str(floor.guests), Text(floor.said, style="dim italic"))
    return table


def _figures(evening: Evening, pulse: Pulse) -> RenderableType:
    line = Table.grid(expand=True)
    figures = {
        "signed in": f"{evening.signed_in}/{evening.guests}",
        "in a room": f"{evening.inside}",
        "moves": f"{evening.moves:,}",
        "moves seen": f"{evening.seen:,}",
        "said": f"{evening.words:,}",
        "events": f"{pulse.total:,}",
        "events/s": f"{pulse.rate:,.0f}",
    }
    for _ in figures:
        line.add_column(justify="center", ratio=1)
    line.add_row(*(Text(value, style="bold") for value in figures.values()))
    line.add_row(*(Text(name, style="dim") for name in figures))
    return line
