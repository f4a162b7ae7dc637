"""A visit to a room: one seat, over however many sockets. It stays alive, and comes back by itself."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any, Final
from uuid import UUID

from clients.python import frames
from clients.python.account import Account
from clients.python.again import until_answered
from clients.python.comeback import RESUMABLE, Comeback
from clients.python.commands import Commands
from clients.python.commands import frame_of as _json
from clients.python.events import Ack, Event, Over, Problem, Reconnecting, Welcome, read
from clients.python.inbox import Inbox
from clients.python.problems import ClientError, Closed, Refused, Unreachable
from clients.python.roster import Roster
from clients.python.wire import Wire

WELCOME_WITHIN: Final = 10.0  # seconds
DEAF: Final = 3  # heartbeats without a word from the node: it is gone, whatever TCP says


class Visit:
    """`roster` is the room as far as this client knows. Made by `Client.join`.

    `on_event` is called with every event as it comes; without it `events()` reads the newest thousand. With `watch`
    false transforms are counted (`frames_seen`) and not read, which is cheap.
    """

    def __init__(
        self,
        account: Account,
        room_id: UUID,
        *,
        on_event: Callable[[Event], None] | None = None,
        watch: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.room_id = room_id
        self.roster = Roster()
        self.welcome: Welcome | None = None
        self.over: Over | None = None
        self.reasons: tuple[str, ...] = ()  # why this room, where the bar has chosen
        self.frames_seen = 0
        self._account = account
        self._watch, self._tls = watch, tls
        self._inbox = Inbox()
        self._on_event = on_event or self._inbox.keep
        self._wire: Wire | None = None
        self._opening: Wire | None = None
        self._url = ""
        self._welcomed: asyncio.Future[Welcome] | None = None
        self._commands = Commands()
        self._seq = 0
        self._sent = self._heard = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    # What one does there

    def move(self, x: int, y: int, z: int, yaw: int = 0, **more: Any) -> bool:
        """Say where I am, in centimetres; about 15 times a second while moving. False while there is no socket."""
        if self._wire is None:
            return False
        self._seq = (self._seq + 1) & 0xFFFF
        self._wire.send(frames.up(seq=self._seq, x=x, y=y, z=z, yaw=yaw, **more))
        self._sent = monotonic()
        self.roster.stand(x, y, z, yaw)
        return True

    async def chat(self, text: str, within: float = 10.0) -> Ack:
        """Say something: once, even where the socket breaks meanwhile. Raises Refused, Closed, TimeoutError."""
        return await self._command("chat", within, text=text)

    async def emote(self, emote: str, within: float = 10.0) -> Ack:
        """One of the house's, or one of one's own. Raises Refused, Closed, TimeoutError."""
        return await self._command("emote", within, emote=emote)

    async def speak(self, publishing: bool, within: float = 10.0) -> Ack:
        """Open one's microphone, or close it. Raises Refused (`muted`, `voice_full` …), Closed, TimeoutError."""
        return await self._command("voice_state", within, publishing=publishing)

    async def signal(self, to: UUID, kind: str, data: Any, within: float = 10.0) -> Ack:
        """From browser to browser: `offer`, `answer`, `candidate`, `bye`. Raises Refused, Closed, TimeoutError."""
        return await self._command("voice_signal", within, to=to, kind=kind, data=data)

    async def leave(self, within: float = 5.0) -> None:
        """Walk out: the seat is free at once. Raises Refused or Unreachable where nobody could be told."""
        try:
            await self._command("leave", within)
        except (Closed, Refused, TimeoutError):
            await self._account.request("POST", f"/v1/rooms/{self.room_id}/leave")
        finally:
            self._end(Over(1000))

    def close(self) -> None:
        """Close the socket and keep the seat for as long as the bar does."""
        self._end(Over(1000))

    def cut(self) -> None:
        """Lose the socket without a word, as a broken cable does it; the visit comes back."""
        if self._wire is not None:
            self._wire.abort()

    def events(self) -> AsyncIterator[Event]:
        """What is heard, `Over` last."""
        return self._inbox.read()

    # From hello to welcome

    async def open(self, url: str, ticket: str) -> Welcome:
        """Raises Closed, Unreachable. Whatever happens after the first welcome mends itself."""
        welcome = await self.hello(url, ticket=ticket)
        self._go(self._stay_alive(welcome.heartbeat_ms / 1000))
        self._go(self._stay_signed_in(welcome.heartbeat_ms / 1000))
        return welcome

    async def hello(self, url: str, **proof: Any) -> Welcome:
        """A new socket. Raises Closed, Unreachable."""
        self._welcomed = asyncio.get_running_loop().create_future()
        self._url = url
        self._opening = wire = await Wire.open(url, self._on_text, self._on_binary, self._on_closed, tls=self._tls)
        wire.send(_json(t="hello", **proof))
        try:
            self.welcome = welcome = await asyncio.wait_for(self._welcomed, WELCOME_WITHIN)
        except BaseException as error:
            wire.abort()  # also where we are cancelled: nobody would ever close it
            if isinstance(error, TimeoutError):
                raise Unreachable("no welcome") from None
            raise
        finally:
            self._opening = self._welcomed = None
        if self.over is not None:
            wire.close()
            raise Closed(1000, "closed meanwhile")
        if wire.is_closed:
            raise Closed(wire.code, wire.reason)
        self._wire, self._sent, self._heard = wire, monotonic(), monotonic()
        for command in self._commands.unanswered():
            wire.send(command)
        return welcome

    def _on_text(self, payload: bytes) -> None:
        self._heard = monotonic()
        event = read(payload)
        if event is None:
            return
        if isinstance(event, Welcome) and self._welcomed and not self._welcomed.done():
            self._welcomed.set_result(event)
        elif isinstance(event, Ack | Problem):
            self._commands.answered(event)
        self._hear(event)

    def _on_binary(self, payload: bytes) -> None:
        self._heard = monotonic()
        self.frames_seen += 1
        if self._watch:
            self._hear(frames.read(payload))

    def _on_closed(self, wire: Wire) -> None:
        if wire is self._opening and self._welcomed and not self._welcomed.done():
            self._welcomed.set_exception(Closed(wire.code, wire.reason))
        elif wire is self._wire:
            self._wire = None
            if wire.code in RESUMABLE:
                self._hear(Reconnecting(wire.code))
                self._go(self._come_back(wire.code))
            else:
                self._end(Over(wire.code, wire.reason))

    async def _come_back(self, code: int) -> None:
        assert self.welcome
        way = Comeback(self._account, self.room_id, self.hello)
        try:
            await way.back(code, self._url, self.welcome.resume_token, self.roster.epoch, self.roster.offset)
        except Closed as closed:
            self._end(Over(closed.code, closed.reason))
        except BaseException as error:
            self._end(Over(code, "could not come back"))
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
                wire.send(_json(t="ping", n=0))
                self._sent = monotonic()

    async def _stay_signed_in(self, heartbeat: float) -> None:
        """The node is shown each new access token. Apart, because what it takes to get one may take long."""
        shown = ""
        while self.over is None:
            with suppress(ClientError):
                token = await self._account.token()
                if self._wire is not None:
                    if shown and token != shown:
                        self._wire.send(_json(t="auth", token=token))
                    shown = token
            await asyncio.sleep(heartbeat / 2)

    async def _command(self, name: str, within: float, **fields: Any) -> Ack:
        return await until_answered(lambda: self._once(name, within, **fields), within)

    async def _once(self, name: str, within: float, **fields: Any) -> Ack:
        if self.over is not None:
            raise Closed(self.over.code, self.over.reason)
        cid, command, answer = self._commands.new(name, **fields)
        if self._wire is not None:
            self._wire.send(command)
            self._sent = monotonic()
        try:
            return await asyncio.wait_for(answer, within)
        finally:
            self._commands.forget(cid)

    def _hear(self, event: Event) -> None:
        self.roster.take(event)
        self._on_event(event)

    def _end(self, over: Over) -> None:
        if self.over is not None:
            return
        self.over = over
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()
        self._commands.fail(Closed(over.code, over.reason))
        self._hear(over)
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
