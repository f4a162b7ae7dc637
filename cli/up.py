"""`virtubar up`: install what is missing, start everything, say where it is."""

from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from cli.running import port_base, say, stderr
from deploy.native.folder import default_root
from deploy.native.install import install
from deploy.native.native import Native, Options
from deploy.native.opening import open_bar
from deploy.native.state import Member, State

SIGNS = {"ready": "[green]●[/]", "done": "[green]✓[/]", "waiting": "[dim]·[/]", "failed": "[red]✗[/]"}


def up(nodes: Annotated[int | None, typer.Option(help="Realtime nodes; else VIRTUBAR_NODES, else 1.")] = None) -> None:
    """Open the bar. Harmless when it is open already."""
    install(say)
    try:
        with Progress() as progress:
            native = open_bar(default_root(), Options.chosen(nodes), base=port_base(), say=say, show=progress.show)
    except KeyboardInterrupt:
        say("the bar goes on opening in the background: virtubar status, or virtubar down")
        raise typer.Exit(130) from None
    _say_where(native)


class Progress:
    """Live rows on a terminal, a line for each process that became ready elsewhere."""

    def __init__(self) -> None:
        self.live = Live(console=stderr, transient=True, auto_refresh=False) if stderr.is_terminal else None
        self.said: set[str] = set()

    def __enter__(self) -> "Progress":
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.live.stop()

    def show(self, state: State) -> None:
        """Show a state."""
        if self.live:
            self.live.update(Group(*(_row(member) for member in state.members)), refresh=True)
            return
        for member in state.members:
            if member.condition in ("ready", "done") and member.name not in self.said:
                self.said.add(member.name)
                say(f"{member.name}: {member.condition}")


def _row(member: Member) -> RenderableType:
    if sign := SIGNS.get(member.condition):
        return Text.from_markup(f"{sign} {member.name:<22} [dim]{member.condition}[/]")
    return Spinner("dots", Text.from_markup(f"{member.name:<22} [dim]{member.condition}[/]"))


def _say_where(native: Native) -> None:
    say(f"The bar is open: {native.gateway_url}")
    say(f"  data and logs   {native.folder.root}")
    say("  next            .venv/bin/virtubar status, .venv/bin/virtubar demo, .venv/bin/virtubar down")
