"""The node's two timers: the tick that shows what moved, and the watch that notices what did not."""

import asyncio
from collections.abc import Callable
from time import monotonic


class Clock:
    """`tick(number)` at `hz`; `watch(now, passed)` every `watch_seconds`. Neither may wait.

    A tick that comes late is not made up for: the next one shows the newest anyway.
    """

    def __init__(
        self, hz: int, watch_seconds: float, tick: Callable[[int], None], watch: Callable[[float, float], None]
    ) -> None:
        self._period = 1 / hz
        self._watch_every = watch_seconds
        self._tick, self._watch = tick, watch
        self._number = 0
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self._watched = monotonic()
        self._next()

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _next(self) -> None:
        self._due = max(self._due + self._period, self._loop.time())
        self._handle = self._loop.call_at(self._due, self._run)

    def _run(self) -> None:
        self._next()
        now = monotonic()
        if (passed := now - self._watched) >= self._watch_every:
            self._watched = now
            self._watch(now, passed)
        self._number += 1
        self._tick(self._number)
