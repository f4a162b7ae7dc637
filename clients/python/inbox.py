"""What a visit has heard and nobody has read yet."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from clients.python.events import Event, Over

KEPT: Final = 1000


class Inbox:
    """The newest thousand events; older ones are forgotten, so that who never reads costs no memory."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue()

    def keep(self, event: Event) -> None:
        if self._queue.qsize() >= KEPT:
            self._queue.get_nowait()
        self._queue.put_nowait(event)

    async def read(self) -> AsyncIterator[Event]:
        """As they come, `Over` last."""
        while True:
            event = await self._queue.get()
            yield event
            if isinstance(event, Over):
                return
