"""A part of the native stack: something to prepare, run, and wait for."""

import asyncio
from pathlib import Path
from typing import Protocol

from deploy.native.errors import NeverReady
from deploy.native.process import Command, Started, start


class Part(Protocol):
    """One long-running process of the stack. Every method may be called again."""

    @property
    def name(self) -> str:
        """What it is called in progress, logs and status."""

    @property
    def roles(self) -> tuple[str, ...]:
        """What it does in the bar, for status."""

    def prepare(self) -> None:
        """Make its files; raises BarError."""

    def command(self) -> Command:
        """What to run."""

    async def probe(self) -> None:
        """Ask it once whether it serves; raises anything when it does not (yet)."""

    async def settle(self) -> None:
        """What is to be done when it serves, before anything that depends on it starts."""


async def wait_ready(part: Part, started: Started, log: Path, *, within: float = 90) -> None:
    """Probe until it serves, then settle; raises NeverReady with the end of its log."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        if (status := started.poll()) is not None:
            raise NeverReady(f"{part.name} ended with status {status} while starting\n{tail(log)}", f"read {log}")
        try:
            async with asyncio.timeout(5):
                await part.probe()
            break
        except Exception as reason:  # whatever a client library raises, it means: not yet
            if loop.time() > deadline:
                silent = f"{part.name} did not serve within {within:.0f} s ({reason or type(reason).__name__})"
                raise NeverReady(f"{silent}\n{tail(log)}", f"read {log}") from reason
        await asyncio.sleep(0.1)
    await part.settle()


def launch(part: Part, log: Path) -> Started:
    """Prepare and start it; wait_ready is the other half."""
    part.prepare()
    return start(part.command(), log)


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log file, indented."""
    if not log.exists():
        return ""
    with log.open("rb") as source:
        source.seek(max(0, source.seek(0, 2) - 8192))
        text = source.read().decode(errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in text[-lines:])
