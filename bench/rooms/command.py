"""What every benchmark of the rooms begins with."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import uvloop

from bench.rooms.cores import hardware, keep_off
from bench.rooms.ours import Stores, stores


def run(measure: Callable[[Stores, bool], Awaitable[None]]) -> None:
    """`measure(stores, short)` with real stores, off the server's core."""
    keep_off()
    print(hardware())
    with stores() as where, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:

        async def work() -> None:
            await measure(where, "--short" in sys.argv)

        runner.run(work())
