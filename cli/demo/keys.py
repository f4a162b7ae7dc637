"""Roles for an evening, given on the spot as `virtubar role` gives them, and taken back at its end."""

import asyncio
from collections.abc import Callable
from time import monotonic
from uuid import UUID

import asyncpg

from cli.demo.facts import PATIENCE
from cli.demo.regular import Regular
from cli.role import decide, told_by
from deploy.native.native import Native
from libs.contracts.vocabulary import Role
from services.identity.commands import Command, GrantRole, RevokeRole

PAUSE = 0.5  # seconds before another try


class Keys:
    """Whoever holds one has to give it back: nobody stays a moderator because a demo was run."""

    def __init__(self, native: Native) -> None:
        self._native = native
        self._out: list[tuple[Regular, Role]] = []

    async def give(self, regular: Regular, role: Role) -> None:
        """It holds at once."""
        await self._decide(regular.email, lambda user: GrantRole(user, role))
        self._out.append((regular, role))
        await regular.try_to(regular.client.account.renew)

    async def take_back(self) -> None:
        """All of them; who had one is signed out."""
        while self._out:
            regular, role = self._out[-1]
            await self._decide(regular.email, _revoke(role))
            self._out.pop()

    async def _decide(self, email: str, command: Callable[[UUID], Command]) -> None:
        deadline = monotonic() + PATIENCE
        while True:
            try:
                return await decide(told_by(self._native), email, command)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                if monotonic() > deadline:
                    raise
                await asyncio.sleep(PAUSE)


def _revoke(role: Role) -> Callable[[UUID], Command]:
    return lambda user: RevokeRole(user, role)
