"""One bar for whole nights, whose spans go to a port where a test may listen."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from cli.demo.post import code_reader
from clients.python import Client
from deploy.native.native import Native
from tests.libs.chassis.serving import free_port
from tests.stack import OpenBar, open_bar


class Night(NamedTuple):
    """A bar, and where its spans go."""

    bar: OpenBar
    otlp_port: int

    @property
    def gateway(self) -> str:
        url: str = self.bar.status()["gateway"]
        return url

    @asynccontextmanager
    async def guest(self, email: str) -> AsyncIterator[Client]:
        """Somebody, signed in by the code in their mail."""
        async with Client(self.gateway) as client:
            await client.sign_in(email, code_reader(Native.opened(self.bar.root).mailbox))
            yield client


@pytest.fixture(scope="session")
def night() -> Iterator[Night]:
    port = free_port()
    with open_bar(VIRTUBAR_OTLP_URL=f"http://127.0.0.1:{port}", OTEL_BSP_SCHEDULE_DELAY="200") as bar:
        yield Night(bar, port)
