"""The bar as guests see it who come for a whole night."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from cli.demo.post import code_reader
from clients.python import Client
from deploy.native.native import Native
from tests.stack import OpenBar


class Night(NamedTuple):
    bar: OpenBar

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


@pytest.fixture
def night(bar: OpenBar) -> Night:
    return Night(bar)
