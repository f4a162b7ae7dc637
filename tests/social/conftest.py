from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.api import Issuer, issuing
from tests.conftest import Database
from tests.social.house import House, here, house_at


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with house_at(await database("social")) as made:
        yield made


@dataclass
class Api:
    """`await api(ANN, "PUT", f"/friends/{BOB}")`"""

    http: httpx2.AsyncClient
    issuer: Issuer
    house: House

    async def __call__(self, who: UUID, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self.http.request(method, f"/v1{path}", json=body, headers=self.issuer.headers(who))


@pytest.fixture
async def api(house: House) -> AsyncIterator[Api]:
    async with issuing() as issuer, here(house.urls, issuer, lambda: house.now) as http:
        yield Api(http, issuer, house)
