"""Profiles, friends, and whom one would rather not see or hear."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from clients.python.account import Account
from clients.python.pages import LARGEST, Page, every


class Card(Struct, frozen=True, kw_only=True):
    """A profile as others see it. Of a `limited` one strangers see name and avatar alone."""

    user_id: UUID
    display_name: str
    avatar_id: str
    avatar_config: dict[str, str] = {}
    privacy_level: str = "public"
    profile_version: int = 0
    bio: str | None = None
    interests: list[str] | None = None
    locale: str | None = None


class Friend(Struct, frozen=True, kw_only=True):
    """`direction` of a pending request: who is to answer."""

    user_id: UUID
    status: Literal["pending", "accepted"]
    created_at: datetime
    direction: Literal["incoming", "outgoing"] | None = None


class Status(Struct, frozen=True):
    """`pending` until the other one has asked too, or said yes."""

    status: Literal["pending", "accepted"]


class Person(Struct, frozen=True):
    """Somebody blocked or muted, and since when."""

    user_id: UUID
    created_at: datetime


class People:
    """All of it raises Refused (`not_found` for whoever is not there for me), Unreachable."""

    def __init__(self, account: Account) -> None:
        self._account = account

    # profiles

    async def me(self) -> Card:
        return await self._account.ask(Card, "GET", "/v1/profiles/me")

    async def change(self, **members: Any) -> Card:
        """display_name, bio, avatar_id, avatar_config, interests, locale, privacy_level; the rest stays."""
        return await self._account.ask(Card, "PATCH", "/v1/profiles/me", json=members)

    async def card(self, user: UUID) -> Card:
        return await self._account.ask(Card, "GET", f"/v1/profiles/{user}")

    async def cards(self, users: Iterable[UUID]) -> dict[UUID, Card]:
        """Of at most a hundred; whoever is not there for me is left out."""
        params = {"ids": ",".join(map(str, users)), "limit": str(LARGEST)}
        page = await self._account.ask(Page[Card], "GET", "/v1/profiles", params=params)
        return {card.user_id: card for card in page.items}

    async def open(self, user: UUID) -> Card:
        """Look at a card, and say that one does."""
        card = await self.card(user)
        await self._tell("POST", f"/v1/profiles/{user}/opens")
        return card

    def search(self, name: str = "", interests: Iterable[str] = ()) -> AsyncIterator[Card]:
        """Whose name begins so; who shares one of the interests."""
        return every(self._account, Page[Card], "/v1/profiles/search", q=name, interests=list(interests) or None)

    # friends

    async def befriend(self, user: UUID) -> Literal["pending", "accepted"]:
        """Ask; or accept, where the other one has asked."""
        return (await self._account.ask(Status, "PUT", f"/v1/friends/{user}")).status

    async def unfriend(self, user: UUID) -> None:
        """Decline, cancel, or end it."""
        await self._tell("DELETE", f"/v1/friends/{user}")

    def friends(self, status: Literal["pending", "accepted"] | None = None) -> AsyncIterator[Friend]:
        return every(self._account, Page[Friend], "/v1/friends", status=status)

    # blocks and mutes

    async def block(self, user: UUID) -> None:
        """Neither sees the other any more, anywhere."""
        await self._tell("PUT", f"/v1/blocks/{user}")

    async def unblock(self, user: UUID) -> None:
        await self._tell("DELETE", f"/v1/blocks/{user}")

    def blocked(self) -> AsyncIterator[Person]:
        return every(self._account, Page[Person], "/v1/blocks")

    async def mute(self, user: UUID) -> None:
        """No longer hear or read somebody, who is not told."""
        await self._tell("PUT", f"/v1/mutes/{user}")

    async def unmute(self, user: UUID) -> None:
        await self._tell("DELETE", f"/v1/mutes/{user}")

    def muted(self) -> AsyncIterator[Person]:
        return every(self._account, Page[Person], "/v1/mutes")

    async def _tell(self, method: str, path: str) -> None:
        await self._account.ask(type(None), method, path)
