"""The live view: rooms, guests, events a second, and what happens, in words."""

from itertools import islice

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.demo.evening import Evening
from cli.demo.pulse import Pulse

COLOURS = {"lounge": "magenta", "dance": "cyan", "sports": "green"}
STORY, TALK = 7, 3  # lines of what the regulars do, and of what guests do among themselves
DOTS = 16


def board(evening: Evening, pulse: Pulse, elapsed: float, length: float) -> RenderableType:
    """The evening as it stands, `elapsed` seconds into its `length`. Fits 80 columns and 24 lines."""
    return Panel(
        Group(_clock(elapsed, length), _rooms(evening), Text(), _figures(evening, pulse), Text(), _ticker(evening)),
        title="[bold]An evening at the bar[/]",
        border_style="yellow",
        padding=(0, 1),
    )


def line(evening: Evening, pulse: Pulse, elapsed: float) -> str:
    """The same in one line."""
    return (
        f"{elapsed:4.0f} s  {evening.signed_in} of {evening.guests} guests came, {evening.inside} in a room, "
        f"{evening.moves:,} moves, {evening.words:,} said; {pulse.total:,} events"
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
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(width=20, no_wrap=True)
    table.add_column(width=DOTS, no_wrap=True)
    table.add_column(justify="right", width=3)
    table.add_column(ratio=1, no_wrap=True)
    for floor in evening.floors.values():
        people = Text("●" * min(floor.guests, DOTS), style=COLOURS.get(floor.theme, "white"))
        said = Text(f"“{floor.said}”" if floor.said else "", style="dim italic")
        table.add_row(Text(floor.name), people, str(floor.guests), said)
    return table


def _figures(evening: Evening, pulse: Pulse) -> RenderableType:
    line = Table.grid(expand=True)
    figures = {
        "guests": f"{evening.signed_in}/{evening.guests}",
        "in a room": f"{evening.inside}",
        "moves": f"{evening.moves:,}",
        "said": f"{evening.words:,}",
        "events": f"{pulse.total:,}",
        "events/s": f"{pulse.rate:,.0f}",
    }
    for _ in figures:
        line.add_column(justify="center", ratio=1)
    line.add_row(*(Text(value, style="bold") for value in figures.values()))
    line.add_row(*(Text(name, style="dim") for name in figures))
    return line


def _ticker(evening: Evening) -> RenderableType:
    """The newest last. The panel keeps its height from the first moment on."""
    return Group(*_newest(evening, STORY, story=True), Text(), *_newest(evening, TALK, story=False))


def _newest(evening: Evening, lines: int, *, story: bool) -> list[Text]:
    chosen = (each for each in reversed(evening.happenings) if each.story is story)
    style = "" if story else "dim"
    newest = [Text(each.words, style, no_wrap=True, overflow="ellipsis") for each in islice(chosen, lines)]
    return [*reversed(newest), *(Text() for _ in range(lines - len(newest)))]
