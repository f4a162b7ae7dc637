"""Processes that a test starts, and ends by their pid whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

import psutil

ROOT = Path(__file__).parents[2]


class Orders(Protocol):
    def argv(self) -> list[str]: ...


@asynccontextmanager
async def process(orders: Orders) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(*orders.argv(), cwd=ROOT)
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            started.kill()
        await started.wait()


def is_stopped(started: asyncio.subprocess.Process) -> bool:
    """By SIGSTOP."""
    return bool(psutil.Process(started.pid).status() == psutil.STATUS_STOPPED)
