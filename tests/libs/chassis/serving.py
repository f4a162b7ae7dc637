"""Servers, ours and of other processes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from libs.chassis.server import Server
from tests.waiting import until


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[str]:
    """The server in this process for as long as the block runs; its URL."""
    stop = asyncio.Event()
    task = asyncio.create_task(server.run(stop))
    try:
        await until(lambda: server.started or task.done())
        yield f"http://127.0.0.1:{server.port}"
    finally:
        stop.set()
        await task


def free_port() -> int:
    """A port on loopback that nobody listens on, just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def answers(url: str) -> bool:
    """True when a GET is answered with 200."""
    async with httpx2.AsyncClient() as client:
        try:
            return (await client.get(url)).status_code == 200
        except httpx2.TransportError:
            return False
