"""The bar in one object: sign in, look around, walk in."""

import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx2

from clients.python.account import Account, AskCode
from clients.python.events import Event
from clients.python.visit import Visit


class Client:
    """`url` is the gateway's. Hand in an `http` client to share its connections among many guests.

    async with Client("http://127.0.0.1:8080") as guest:
        await guest.sign_in("dana@example.com", ask_code)
        visit = await guest.join((await guest.rooms())[0]["id"])
        visit.move(3000, 0, 2000)
        await visit.chat("hello")
        await visit.leave()
    """

    def __init__(
        self,
        url: str,
        *,
        device_type: str = "desktop",
        http: httpx2.AsyncClient | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._own = http is None
        self._http = http or httpx2.AsyncClient(base_url=url, timeout=30, verify=tls or True)
        self._tls = tls
        self.account = Account(self._http, device_type)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own:
            await self._http.aclose()

    async def sign_in(self, email: str, ask_code: AskCode) -> UUID:
        """Raises Refused (`bad_code`, `locked`, `rate_limited`), Unreachable."""
        return await self.account.sign_in(email, ask_code)

    async def rooms(self, **filters: str) -> list[dict[str, Any]]:
        """Public open rooms, the first hundred. Filters: theme, region, sort."""
        answer = await self.account.request("GET", "/v1/rooms", params={"limit": "100", **filters})
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def join(
        self,
        room_id: UUID | str,
        *,
        join_source: str = "direct",
        on_event: Callable[[Event], None] | None = None,
        watch: bool = True,
    ) -> Visit:
        """A seat, and the socket welcomed. Raises Refused (`room_full`, `room_private` …), Closed, Unreachable."""
        body = {"device_type": self.account.device_type, "join_source": join_source}
        key = {"idempotency-key": str(uuid4())}
        held = (await self.account.request("POST", f"/v1/rooms/{room_id}/join", json=body, headers=key)).json()
        visit = Visit(self.account, UUID(str(room_id)), on_event=on_event, watch=watch, tls=self._tls)
        await visit.open(held["ws_url"], held["ticket"])
        return visit
