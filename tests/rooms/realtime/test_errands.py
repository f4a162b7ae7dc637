"""Tasks of a node end when they are told to."""

import asyncio
from contextlib import suppress

from services.rooms.realtime.errands import ended


async def test_a_task_that_loses_its_cancellation_is_told_again() -> None:
    """As Python 3.11's wait_for does it, where what it waits for is done in the same moment."""
    started = asyncio.Event()

    async def writing() -> None:
        started.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        while True:
            await asyncio.sleep(60)

    task = asyncio.create_task(writing())
    await started.wait()
    await asyncio.wait_for(ended([task]), 10)
    assert task.cancelled()
