"""The front door as people use it: HTTP to the API of rooms in this process, and what was heard about them before."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from libs.contracts.event import Event
from libs.contracts.social import BlockUser, FriendAccept, ProfileCreate, ProfileUpdate
from libs.eventstore.heard import receive
from libs.eventstore.projections import Replica
from libs.safety.pairs import pair_stream
from libs.safety.replica import PAIRS
from services.rooms.guests import GUESTS
from tests.rooms.api import Issuer, here, issuing
from tests.rooms.house import House
from tests.rooms.people import ANN
from tests.rooms.safety import told

PLAN = {"name": "The Blue Note", "theme": "lounge", "is_private": False, "capacity": 5, "region": "eu"}
PROBLEM = "https://virtubar.dev/problems/"
WEB = {"device_type": "web"}


@dataclass
class Front:
    http: httpx2.AsyncClient
    issuer: Issuer
    house: House
    said: int = 0  # by social

    async def ask(
        self, who: UUID, method: str, path: str, body: Any = None, *, key: str | None = None, roles: Sequence[str] = ()
    ) -> httpx2.Response:
        headers = self.issuer.headers(who, roles=list(roles)) | ({"idempotency-key": key} if key else {})
        return await self.http.request(method, f"/v1{path}", json=body, headers=headers)

    async def room(self, who: UUID = ANN, **changes: Any) -> str:
        made = await self.ask(who, "POST", "/rooms", PLAN | changes)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def invite(self, who: UUID, room: str, user: UUID | None = None) -> str:
        """A token."""
        made = await self.ask(who, "POST", f"/rooms/{room}/invites", {"user_id": str(user)} if user else {})
        assert made.status_code == 201, made.text
        return str(made.json()["token"])

    # what social says

    async def known(self, user: UUID, **words: Any) -> None:
        """Somebody has a profile; `words` are its closed ones."""
        usual: dict[str, Any] = {
            "avatar_id": "ace",
            "avatar_config": {},
            "interests": (),
            "locale": "en",
            "privacy_level": "public",
        }
        made = (ProfileUpdate if words.pop("update", False) else ProfileCreate)(user_id=user, **usual | words)
        await self.hear(GUESTS, made, f"profile-{user}")

    async def friends(self, one: UUID, other: UUID) -> None:
        await self.hear(PAIRS, FriendAccept(user_id=one, friend_user_id=other), pair_stream(one, other))

    async def blocks(self, one: UUID, other: UUID) -> None:
        await self.hear(PAIRS, BlockUser(blocker_user_id=one, blocked_user_id=other), pair_stream(one, other))

    async def hear(self, replica: Replica, event: Event, stream: str) -> None:
        self.said += 1
        envelope = told(event, self.said, stream=stream)
        async with self.house.pool.acquire() as db, db.transaction():
            if await receive(db, envelope):
                await replica.apply(db, envelope)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["type"].removeprefix(PROBLEM)


@asynccontextmanager
async def front_of(house: House, **settings: Any) -> AsyncIterator[Front]:
    """An API at the house's own time, and one live node in Europe."""
    await house.node()
    async with (
        issuing() as issuer,
        here(house.urls, issuer, lambda: house.now, node_lease_seconds=600, **settings) as http,
    ):
        yield Front(http, issuer, house)
