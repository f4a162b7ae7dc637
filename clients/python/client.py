"""The bar in one object: sign in, look around, walk in."""

import asyncio
import ssl
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

import httpx2
from msgspec import Struct

from clients.python.account import Account, AskCode
from clients.python.counter import Counter
from clients.python.events import Event
from clients.python.hosting import Hosting, Room
from clients.python.pages import Page
from clients.python.people import People
from clients.python.problems import Refused
from clients.python.safety import Desk, Safety
from clients.python.visit import Visit

OnEvent = Callable[[Event], None]


class Seat(Struct, frozen=True, kw_only=True):
    """Kept for half a minute; with `reasons`, the weightiest first, where the bar has chosen the room."""

    visit_id: UUID
    room_id: UUID
    ticket: str
    ws_url: str
    reasons: tuple[str, ...] = ()


class Client:
    """`url` is the gateway's. Hand in an `http` client to share its connections among many guests.

    async with Client("http://127.0.0.1:8080") as guest:
        await guest.sign_in("dana@example.com", ask_code)
        visit = await guest.join((await guest.rooms())[0].id)
        visit.move(3000, 0, 2000)
        await visit.chat("hello")
        for user in visit.roster.people:
            await guest.people.open(user)
        await visit.leave()

    `people`, `hosting`, `counter`, `safety` and `desk` are what one does besides; `join`, `find` and `accept` walk in.
    """

    def __init__(
        self,
        url: str,
        *,
        device_type: str = "desktop",
        http: httpx2.AsyncClient | None = None,
        tls: ssl.SSLContext | None = None,
        patience: float = 10.0,
    ) -> None:
        self._own = http is None
        self._http = http or httpx2.AsyncClient(base_url=url, timeout=30, verify=tls or True)
        self._tls = tls
        self.account = Account(self._http, device_type, patience)
        self.people, self.hosting, self.counter = People(self.account), Hosting(self.account), Counter(self.account)
        self.safety, self.desk = Safety(self.account), Desk(self.account)

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

    async def rooms(self, **filters: str) -> list[Room]:
        """Public open rooms, the first hundred. Filters: theme, region, sort. Raises Refused, Unreachable."""
        page = await self.account.ask(Page[Room], "GET", "/v1/rooms", params={"limit": "100", **filters})
        return page.items

    async def join(
        self, room_id: UUID | str, *, on_event: OnEvent | None = None, watch: bool = True, wait: float = 0.0
    ) -> Visit:
        """A seat, and the socket welcomed; `wait` seconds at most are spent in the line before a full room.

        Raises Refused (`room_full`, `room_private` …), Closed, Unreachable.
        """
        deadline = monotonic() + wait
        while True:
            try:
                seat = await self._seat(f"/v1/rooms/{room_id}/join")
                return await self._walk_in(seat, on_event, watch=watch)
            except Refused as no:
                if no.place is None or no.retry_after is None or monotonic() + no.retry_after > deadline:
                    raise
                await asyncio.sleep(no.retry_after)  # whoever does not ask again loses the place

    async def find(self, *, on_event: OnEvent | None = None, watch: bool = True, **wish: str) -> Visit:
        """Walk into the room that suits best; `visit.reasons` says why. A wish: region, theme, language.

        Raises Refused (`no_room`), Closed, Unreachable.
        """
        seat = await self._seat("/v1/matchmaking/join", **wish)
        return await self._walk_in(seat, on_event, watch=watch)

    async def accept(self, token: str, *, on_event: OnEvent | None = None, watch: bool = True) -> Visit:
        """Walk in by invite. Raises Refused (`invite_used`, `room_full` …), Closed, Unreachable."""
        seat = await self._seat(f"/v1/invites/{token}/join")
        return await self._walk_in(seat, on_event, watch=watch)

    async def _seat(self, path: str, **body: str) -> Seat:
        body = {"device_type": self.account.device_type, **body}
        return await self.account.ask(Seat, "POST", path, key=uuid4(), json=body)

    async def _walk_in(self, seat: Seat, on_event: OnEvent | None, *, watch: bool) -> Visit:
        visit = Visit(self.account, seat.room_id, on_event=on_event, watch=watch, tls=self._tls)
        visit.reasons = seat.reasons
        await visit.open(seat.ws_url, seat.ticket)
        await visit.settled()
        return visit
