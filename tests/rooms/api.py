"""The API of rooms over real HTTP, in this process or in others."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2

from services.rooms.__main__ import compose
from services.rooms.realtime.settings import NodeSettings
from tests import api
from tests.api import Issuer, Process, issuing, listening, told
from tests.stack import Databases

__all__ = ["Issuer", "Process", "elsewhere", "here", "issuing", "listening", "told"]


@asynccontextmanager
async def here(
    urls: Databases, issuer: Issuer, clock: Callable[[], datetime] = lambda: datetime.now(UTC), **settings: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the API in this process."""
    async with (
        compose(NodeSettings(**told(urls, issuer, **settings)), ["api"], clock) as parts,
        api.answering(parts) as client,
    ):
        yield client


def elsewhere(
    urls: Databases, issuer: Issuer, count: int, **settings: Any
) -> AbstractAsyncContextManager[list[Process]]:
    """`count` processes of the API."""
    return api.elsewhere("rooms", urls, issuer, count, **settings)
