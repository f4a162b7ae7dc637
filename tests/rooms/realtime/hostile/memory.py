"""What a node in a process of its own holds in memory, and the process to be asked."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import psutil

from tests.rooms.realtime.bar import Bar
from tests.waiting import until

MB: Final = 1024 * 1024


@dataclass(frozen=True)
class Apart:
    """A node of its own."""

    pid: int

    @property
    def megabytes(self) -> float:
        size: int = psutil.Process(self.pid).memory_info().rss
        return size / MB

    def sockets(self, port: int) -> int:
        """Those that came in by that port and have not gone."""
        found = psutil.Process(self.pid).net_connections("tcp")
        return sum(each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port for each in found)


@asynccontextmanager
async def node_apart(bar: Bar, name: str, **settings: Any) -> AsyncIterator[Apart]:
    """`python -m services.rooms realtime`, until the end of the block."""
    told = {**bar.settings, "node_id": name, "http_port": 0, **settings}
    environment = {f"VIRTUBAR_{key.upper()}": _word(value) for key, value in told.items() if value is not None}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.rooms", "realtime"),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await until(lambda: bar.has_lease(name), within=60, what=f"the lease of {name}")
        yield Apart(process.pid)
    finally:
        process.terminate()
        await process.wait()


def _word(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
