"""Rooms of one's own, and order in them."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from clients.python.account import Account
from clients.python.pages import LARGEST, Page, every


class Room(Struct, frozen=True, kw_only=True):
    """`created_by` None: one of the house's own."""

    id: UUID
    theme: str
    is_private: bool
    capacity: int
    region: str
    created_at: datetime
    occupancy: int
    name: str | None = None
    created_by: UUID | None = None
    is_locked: bool = False


class Invite(Struct, frozen=True):
    """`token` opens the room once, before it expires."""

    id: UUID
    token: str
    expires_at: datetime


class Member(Struct, frozen=True):
    user_id: UUID
    joined_at: datetime


class Presence(Struct, frozen=True, kw_only=True):
    """`room_id` None in a private room where one is not oneself."""

    user_id: UUID
    online: bool
    room_id: UUID | None = None
    device_type: str | None = None


class Hosting:
    """All of it raises Refused (`not_host`, `room_quota`, `system_room` …), Unreachable."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def open(
        self, name: str, theme: str = "lounge", *, private: bool = False, capacity: int = 20, region: str = "eu"
    ) -> Room:
        """A room of mine."""
        body = {"name": name, "theme": theme, "is_private": private, "capacity": capacity, "region": region}
        return await self._account.ask(Room, "POST", "/v1/rooms", key=uuid4(), json=body)

    async def room(self, room: UUID) -> Room:
        return await self._account.ask(Room, "GET", f"/v1/rooms/{room}")

    async def change(self, room: UUID, **members: Any) -> Room:
        """name, theme, is_private, capacity; the rest stays."""
        return await self._account.ask(Room, "PATCH", f"/v1/rooms/{room}", json=members)

    async def close(self, room: UUID) -> None:
        """Everybody in it goes."""
        await self._tell("DELETE", f"/v1/rooms/{room}")

    async def invite(self, room: UUID, user: UUID | None = None) -> Invite:
        """One use; anybody's without `user`."""
        body = {"user_id": str(user)} if user else {}
        return await self._account.ask(Invite, "POST", f"/v1/rooms/{room}/invites", key=uuid4(), json=body)

    async def kick(self, room: UUID, user: UUID, seconds: int | None = None) -> None:
        """Out, and not back in for so long."""
        body = {"user_id": str(user)} | ({"seconds": seconds} if seconds else {})
        await self._tell("POST", f"/v1/rooms/{room}/kicks", json=body)

    async def mute(self, room: UUID, user: UUID, seconds: int | None = None) -> None:
        """Nobody in the room hears or reads them any more; without `seconds` until further notice."""
        await self._tell("PUT", f"/v1/rooms/{room}/mutes/{user}", json={"seconds": seconds} if seconds else {})

    async def unmute(self, room: UUID, user: UUID) -> None:
        await self._tell("DELETE", f"/v1/rooms/{room}/mutes/{user}")

    async def lock(self, room: UUID) -> None:
        """Nobody comes in but by invite."""
        await self._tell("POST", f"/v1/rooms/{room}/lock")

    async def unlock(self, room: UUID) -> None:
        await self._tell("DELETE", f"/v1/rooms/{room}/lock")

    def members(self, room: UUID) -> AsyncIterator[Member]:
        """For those seated there."""
        return every(self._account, Page[Member], f"/v1/rooms/{room}/members")

    async def presence(self, users: Iterable[UUID]) -> dict[UUID, Presence]:
        """Of at most a hundred; strangers look offline."""
        params = {"ids": ",".join(map(str, users)), "limit": str(LARGEST)}
        page = await self._account.ask(Page[Presence], "GET", "/v1/presence", params=params)
        return {each.user_id: each for each in page.items}

    async def _tell(self, method: str, path: str, **options: Any) -> None:
        await self._account.ask(type(None), method, path, **options)
