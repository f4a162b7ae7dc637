"""What a socket sets going and nobody waits for: tasks that are kept, watched, and finished before the end."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, Final

import structlog

from libs.chassis.logs import where

AGAIN: Final = 0.5  # seconds between two cancellations
log = structlog.get_logger(__name__)


class Errands:
    """Run coroutines whose failure is a defect, not an answer: it is logged, and the node goes on."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def go(self, errand: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.create_task(errand)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def finish(self, within: float) -> None:
        """Wait for all of them; whoever is not back `within` seconds is given up."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within)
            for task in late:
                task.cancel()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("errand failed", error=type(error).__name__, where=where(error))


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel until they end. Python 3.11's wait_for, with which redis-py sends, may lose a cancellation."""
    all_of_them = left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN)
    await asyncio.gather(*all_of_them, return_exceptions=True)
