"""What commands share: the running bar, and how to speak to people."""

import json
import os
import sys
from typing import Any, Final

from rich.console import Console

from deploy.native.errors import BarError, NotRunning
from deploy.native.folder import default_root
from deploy.native.native import Native
from deploy.native.state import State

ENDLESS: Final = 1_000_000  # columns

stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """A line for people, on stderr."""
    stderr.print(text, markup=False)


def emit(document: Any) -> None:
    """One JSON document on stdout."""
    print(json.dumps(document, indent=2))


def screen() -> Console:
    """Stdout: as wide as the terminal, and without an edge in a pipe, where nothing may be cut off or wrapped."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else ENDLESS)


def running_bar() -> tuple[Native, State]:
    """The open bar of VIRTUBAR_DATA and what its supervisor says; raises NotRunning."""
    native = Native.opened()
    state = State.load(native.folder)
    if state is None or not state.supervisor.alive:
        raise NotRunning(f"the bar in {default_root()} is closed", "make up")
    return native, state


def port_base() -> int | None:
    """VIRTUBAR_PORT_BASE."""
    text = os.environ.get("VIRTUBAR_PORT_BASE")
    if not text:
        return None
    if not text.isdigit():
        raise BarError(f"VIRTUBAR_PORT_BASE={text} is no number", "give the first of the ports to use, such as 21000")
    return int(text)
