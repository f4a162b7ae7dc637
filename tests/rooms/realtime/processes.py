"""Nodes that run in processes of their own, to be stopped, killed and woken up."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.rooms.realtime.bar import Bar
from tests.waiting import until


@asynccontextmanager
async def node_process(
    bar: Bar, name: str, *, module: str = "services.rooms", region: str = "me", **more: Any
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A node with a lease, killed at the end; `module` says what kind of node."""
    settings: dict[str, Any] = {**bar.settings, "node_id": name, "node_region": region, "http_port": 0, **more}
    named = {f"VIRTUBAR_{key.upper()}": str(value) for key, value in settings.items()}
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "realtime", env={**os.environ, **named}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await until(lambda: bar.has_lease(name), within=60, what=f"the lease of {name}")
        yield started
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()
