"""The way back to one's seat after a socket has gone: the same node where it will have us, else another."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Final
from uuid import UUID

from clients.python.account import Account
from clients.python.problems import Closed, Refused, Unreachable
from clients.python.wire import ABNORMAL

MOVED: Final = 1001
RESUMABLE: Final = frozenset({MOVED, 1005, ABNORMAL, 1011, 1013, 4001, 4008})
ELSEWHERE: Final = frozenset({MOVED, 1013, 4001, 4003})  # another node, or another proof: ask for a new ticket
PATIENCE: Final = 60.0  # seconds: the seat is kept no longer
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.5  # of a dead node nobody knows for up to 3 s; and in again within 5


class Comeback:
    """`hello(url, **proof)` opens a socket and returns when it is welcomed."""

    def __init__(self, account: Account, room_id: UUID, hello: Callable[..., Awaitable[Any]]) -> None:
        self._account = account
        self._room_id = room_id
        self._hello = hello

    async def back(self, code: int, url: str, token: str, epoch: str, offset: int) -> None:
        """Raises Closed where the seat is gone, Refused or Unreachable where nobody could say for a minute."""
        known = {"resume_token": token, "epoch": epoch, "offset": offset}
        new_ticket, deadline, pause = code in ELSEWHERE, monotonic() + PATIENCE, FIRST_PAUSE
        while True:
            try:
                await self._try(url, known, new_ticket=new_ticket)
                return
            except Closed as closed:
                if closed.code not in RESUMABLE | ELSEWHERE or monotonic() > deadline:
                    raise
            except Refused as no:
                if no.status in (401, 403, 404, 410):
                    raise Closed(4002 if no.status == 401 else 4012, no.slug) from no
                if monotonic() > deadline:
                    raise
                pause = max(pause, no.retry_after or 0.0)
            except Unreachable:
                if monotonic() > deadline:
                    raise
            new_ticket = True  # the node may be dead, and the room elsewhere
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # not all at once
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _try(self, url: str, known: dict[str, Any], *, new_ticket: bool) -> None:
        if not new_ticket:
            await self._hello(url, **known)
            return
        answer = (await self._account.request("POST", f"/v1/rooms/{self._room_id}/ticket")).json()
        await self._hello(answer["ws_url"], ticket=answer["ticket"], **known)
