"""The tasks of one process: all run, or none; all stop together, in time."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from libs.chassis.logs import where

Role = Callable[[asyncio.Event], Awaitable[None]]
"""Works until the event is set, then finishes what it holds and returns."""

log = structlog.get_logger(__name__)


class Roles:
    """`stop` is set from outside, or here when a role dies. After it, roles have `deadline` seconds."""

    def __init__(self, stop: asyncio.Event, *, deadline: float) -> None:
        self._stop, self._deadline = stop, deadline
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, name: str, role: Role) -> None:
        self._tasks.add(asyncio.create_task(self._run(role), name=name))

    async def _run(self, role: Role) -> None:
        await role(self._stop)

    async def until_done(self) -> bool:
        """Wait for the end; True where it was asked for and every role finished in time."""
        asked = asyncio.create_task(self._stop.wait())
        await asyncio.wait({asked, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
        clean = asked.done()
        self._stop.set()
        _, late = await asyncio.wait(self._tasks, timeout=self._deadline) if self._tasks else (set(), set())
        for task in late:
            log.error("role cut short", role=task.get_name(), seconds=self._deadline)
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)
        asked.cancel()
        failed = [task for task in self._tasks - late if self._report(task)]
        return clean and not late and not failed

    def _report(self, task: asyncio.Task[None]) -> bool:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if error is None:
            return False
        log.error("role died", role=task.get_name(), error=type(error).__name__, where=where(error))
        return True
