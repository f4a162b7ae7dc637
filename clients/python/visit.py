"""A visit to a room: one seat, over however many sockets. It stays alive, and comes back by itself."""

import ssl
from asyncio import Event as Signal
from asyncio import wait_for
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Any
from uuid import UUID

from clients.python import frames
from clients.python.account import Account
from clients.python.again import until_answered
from clients.python.commands import Commands
from clients.python.events import Ack, Event, Over, Problem, Snapshot, Welcome
from clients.python.inbox import Inbox
from clients.python.line import Line
from clients.python.motion import Motion, Pose
from clients.python.problems import Closed, Refused
from clients.python.roster import Roster


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
        self.reasons: tuple[str, ...] = ()  # why this room, where the bar has chosen
        self.frames_seen = 0
        self._account = account
        self._watch = watch
        self._inbox = Inbox()
        self._on_event = on_event or self._inbox.keep
        self._commands = Commands()
        self._motion: Motion | None = None
        self._seq = 0
        self._seen = Signal()  # who is here
        self._line = Line(
            account,
            room_id,
            hear=self._hear,
            show=self._show,
            known=lambda: (self.roster.epoch, self.roster.offset),
            unanswered=self._commands.unanswered,
            tls=tls,
        )

    @property
    def welcome(self) -> Welcome | None:
        """The newest: of the socket there is, or was."""
        return self._line.welcome

    @property
    def over(self) -> Over | None:
        """How it ended, once it has."""
        return self._line.over

    async def open(self, url: str, ticket: str) -> Welcome:
        """Raises Closed, Unreachable. Whatever happens after the first welcome mends itself."""
        return await self._line.open(url, ticket)

    async def settled(self) -> None:
        """Return when it is known who is here, or it is over: the snapshot comes after the welcome."""
        await self._seen.wait()

    # What one does there

    def move(self, x: int, y: int, z: int, yaw: int = 0, **more: Any) -> bool:
        """Say where I am, in centimetres; about 15 times a second while moving. False while there is no socket."""
        self._seq = (self._seq + 1) & 0xFFFF
        if not self._line.send(frames.up(seq=self._seq, x=x, y=y, z=z, yaw=yaw, **more)):
            return False
        self.roster.stand(x, y, z, yaw)
        return True

    async def chat(self, text: str, within: float = 10.0) -> Ack:
        """Say something: once, even where the socket breaks meanwhile. Raises Refused, Closed, TimeoutError."""
        return await self._command("chat", within, text=text)

    async def redact(self, message: UUID, within: float = 10.0) -> Ack:
        """Take a chat message back, by its id. Raises Refused (`not_host`, `not_found`), Closed, TimeoutError."""
        return await self._command("redact", within, id=message)

    async def emote(self, emote: str, within: float = 10.0) -> Ack:
        """One of the house's, or one of one's own by its sku. Raises Refused (`not_owned` …), Closed, TimeoutError."""
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
            self._line.end(Over(1000))

    def close(self) -> None:
        """Close the socket and keep the seat for as long as the bar does."""
        self._line.end(Over(1000))

    def cut(self) -> None:
        """Lose the socket without a word, as a broken cable does it; the visit comes back."""
        self._line.cut()

    # What one hears and sees there

    def events(self) -> AsyncIterator[Event]:
        """What is heard, `Over` last."""
        return self._inbox.read()

    def poses(self) -> dict[UUID, Pose]:
        """Where everybody in view is to be drawn at this moment, smoothly; oneself excepted. See `Motion`."""
        if self._motion is None:
            self._motion = Motion(self.welcome.tick_hz if self.welcome else 20)
        drawn = self._motion.poses(monotonic())
        me = self.roster.slot
        return {
            person.user: drawn[slot] for slot, person in self.roster.in_view.items() if slot in drawn and slot != me
        }

    def _show(self, payload: bytes) -> None:
        self.frames_seen += 1
        if self._watch:
            event = frames.read(payload)
            if self._motion is not None and isinstance(event, frames.Down):
                self._motion.take(event, monotonic())
            self._hear(event)

    def _hear(self, event: Event) -> None:
        if not self.roster.take(event):
            return  # again
        if isinstance(event, Ack | Problem):
            self._commands.answered(event)
        elif isinstance(event, Over):
            self._commands.fail(Closed(event.code, event.reason))
        if isinstance(event, Snapshot | Over):
            self._seen.set()
        self._on_event(event)

    async def _command(self, name: str, within: float, **fields: Any) -> Ack:
        return await until_answered(lambda: self._once(name, within, **fields), within)

    async def _once(self, name: str, within: float, **fields: Any) -> Ack:
        if self.over is not None:
            raise Closed(self.over.code, self.over.reason)
        cid, command, answer = self._commands.new(name, **fields)
        self._line.send(command)
        try:
            return await wait_for(answer, within)
        finally:
            self._commands.forget(cid)
