"""People who stand about: they say a word every two seconds, so that nobody takes them for gone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from bench.rooms.guest import Guest

PING: Final = 2.0  # seconds between two words
PHASES: Final = 100


@asynccontextmanager
async def pinging(guests: Sequence[Guest]) -> AsyncIterator[None]:
    """Evenly; whoever is added to `guests` meanwhile does so, too."""

    async def ping() -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            for phase in range(PHASES):
                for guest in guests[phase::PHASES]:
                    if not guest.over.done():
                        guest.idle()
                due += PING / PHASES
                await asyncio.sleep(max(0.0, due - loop.time()))

    task = asyncio.create_task(ping())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
