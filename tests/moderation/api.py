"""The API of moderation over real HTTP, in this process, and people with tokens that pass there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx2

from services.moderation.__main__ import compose
from services.moderation.settings import ModerationSettings
from tests.api import Issuer, answering, told
from tests.moderation.house import House
from tests.moderation.people import MAX, MIA, OLA
from tests.stack import Databases

ROLES = {MAX: ["moderator"], MIA: ["moderator"], OLA: ["moderator", "operator"]}
PROBLEM = "https://virtubar.dev/problems/"


@asynccontextmanager
async def here(
    urls: Databases, issuer: Issuer, clock: Callable[[], datetime], **settings: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the API in this process."""
    given = ModerationSettings(**told(urls, issuer, **({"hearing_seconds": 0} | settings)))
    async with compose(given, ["api"], clock) as parts, answering(parts) as client:
        yield client


@dataclass
class Api:
    http: httpx2.AsyncClient
    issuer: Issuer
    house: House

    async def __call__(
        self, who: UUID, method: str, path: str, body: Any = None, *, key: str | None = None, **claims: Any
    ) -> httpx2.Response:
        given = {"roles": ROLES.get(who, []), **claims}
        headers = self.issuer.headers(who, **given) | ({"idempotency-key": key} if key else {})
        return await self.http.request(method, f"/v1{path}", json=body, headers=headers)

    async def hand_in(self, who: UUID, raw: bytes, media_type: str = "image/png") -> httpx2.Response:
        headers = self.issuer.headers(who) | {"content-type": media_type}
        return await self.http.post("/v1/reports/evidence", content=raw, headers=headers)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix(PROBLEM)
