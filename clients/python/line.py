"""The sockets of one visit, one after the other: greeted, kept alive, and opened again when they break."""

import asyncio
import random
import ssl
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from time import monotonic
from typing import Any, Final
from uuid import UUID

from clients.python.account import Account
from clients.python.comeback import MOVED, RESUMABLE, Comeback
from clients.python.commands import frame_of
from clients.python.events import Drain, Over, Reconnecting, Told, Welcome, read
from clients.python.problems import ClientError, Closed, Unreachable
from clients.python.wire import Wire

WELCOME_WITHIN: Final = 10.0  # seconds
DEAF: Final = 3  # heartbeats without a word from the node: it is gone, whatever TCP says


class Line:
    """`hear` is called with every event, `Over` last; `show` with the payload of every binary frame.

    `known()` is the epoch and the offset the visit has come to, `unanswered()` the frames that wait for their answer:
    a new socket begins with the one and sends the other again.
    """

    def __init__(
        self,
        account: Account,
        room_id: UUID,
        *,
        hear: Callable[[Told | Reconnecting | Over], None],
        show: Callable[[bytes], None],
        known: Callable[[], tuple[str, int]],
        unanswered: Callable[[], Iterable[str]],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.welcome: Welcome | None = None  # the newest
        self.over: Over | None = None
        self._account = account
        self._room_id = room_id
        self._hear, self._show = hear, show
        self._known, self._unanswered = known, unanswered
        self._tls = tls
        self._wire: Wire | None = None
        self._opening: Wire | None = None
        self._url = ""
        self._welcomed: asyncio.Future[Welcome] | None = None
        self._sent = self._heard = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, frame: bytes | str) -> bool:
        """False while there is no socket."""
        if self._wire is None:
            return False
        self._wire.send(frame)
        self._sent = monotonic()
        return True

    def cut(self) -> None:
        """Lose the socket without a word."""
        if self._wire is not None:
            self._wire.abort()

    def end(self, over: Over) -> None:
        """For good. Any number of times."""
        if self.over is not None:
            return
        self.over = over
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()
        self._hear(over)
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    # From hello to welcome

    async def open(self, url: str, ticket: str) -> Welcome:
        """Raises Closed, Unreachable. Whatever happens after the first welcome mends itself."""
        welcome = await self._hello(url, ticket=ticket)
        self._go(self._stay_alive(welcome.heartbeat_ms / 1000))
        self._go(self._stay_signed_in(welcome.heartbeat_ms / 1000))
        return welcome

    async def _hello(self, url: str, **proof: Any) -> Welcome:
        """A new socket. Raises Closed, Unreachable."""
        self._welcomed = asyncio.get_running_loop().create_future()
        self._url = url
        self._opening = wire = await Wire.open(url, self._on_text, self._on_binary, self._on_closed, tls=self._tls)
        wire.send(frame_of(t="hello", **proof))
        try:
            return await asyncio.wait_for(self._welcomed, WELCOME_WITHIN)
        except BaseException as error:
            self._opening = None
            if self._wire is wire:
                self._wire = None
            wire.abort()  # also where we are cancelled: nobody would ever close it
            if isinstance(error, TimeoutError):
                raise Unreachable("no welcome") from None
            raise

    def _take(self, wire: Wire, welcome: Welcome, welcomed: "asyncio.Future[Welcome]") -> None:
        """This socket is the visit's from here on, whatever it says next."""
        self._opening = None
        if self.over is not None:
            wire.close()
            welcomed.set_exception(Closed(1000, "closed meanwhile"))
            return
        self.welcome = welcome
        self._wire, self._sent, self._heard = wire, monotonic(), monotonic()
        welcomed.set_result(welcome)
        for command in self._unanswered():
            wire.send(command)

    def _on_text(self, payload: bytes) -> None:
        self._heard = monotonic()
        event = read(payload)
        if event is None:
            return
        if isinstance(event, Welcome) and self._opening and self._welcomed and not self._welcomed.done():
            self._take(self._opening, event, self._welcomed)
        elif isinstance(event, Drain) and self._wire is not None:
            self._go(self._move_on(self._wire, event.after_ms / 1000))
        self._hear(event)

    def _on_binary(self, payload: bytes) -> None:
        self._heard = monotonic()
        self._show(payload)

    def _on_closed(self, wire: Wire) -> None:
        if wire is self._opening and self._welcomed and not self._welcomed.done():
            self._welcomed.set_exception(Closed(wire.code, wire.reason))
        elif wire is self._wire:
            self._wire = None
            if wire.code in RESUMABLE:
                self._lost(wire.code)
            else:
                self.end(Over(wire.code, wire.reason))

    # The way back

    def _lost(self, code: int) -> None:
        self._hear(Reconnecting(code))
        self._go(self._come_back(code))

    async def _move_on(self, wire: Wire, after: float) -> None:
        """The room moves: leave this node before it leaves us, where it is in no hurry."""
        await asyncio.sleep(after * random.uniform(1.0, 1.2))
        if self._wire is wire:
            self._wire = None
            wire.abort()
            self._lost(MOVED)

    async def _come_back(self, code: int) -> None:
        assert self.welcome
        way = Comeback(self._account, self._room_id, self._hello)
        try:
            await way.back(code, self._url, self.welcome.resume_token, *self._known())
        except Closed as closed:
            self.end(Over(closed.code, closed.reason))
        except BaseException as error:
            self.end(Over(code, "could not come back"))
            if not isinstance(error, ClientError):
                raise

    # Its life

    async def _stay_alive(self, heartbeat: float) -> None:
        """Something goes out every heartbeat; a node that says nothing is left."""
        while self.over is None:
            await asyncio.sleep(heartbeat / 2)
            if (wire := self._wire) is None:
                continue
            if monotonic() - self._heard > DEAF * heartbeat:
                wire.abort()
            elif monotonic() - self._sent > heartbeat / 2:
                self.send(frame_of(t="ping", n=0))

    async def _stay_signed_in(self, heartbeat: float) -> None:
        """The node is shown each new access token. Apart, because what it takes to get one may take long."""
        shown = ""
        while self.over is None:
            with suppress(ClientError):
                token = await self._account.token()
                if self._wire is not None:
                    if shown and token != shown:
                        self._wire.send(frame_of(t="auth", token=token))
                    shown = token
            await asyncio.sleep(heartbeat / 2)

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
