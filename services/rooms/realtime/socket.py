"""One socket: frames in, frames out, and nothing that waits. What a command means is the floor's business."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Protocol
from uuid import UUID, uuid4

from picows import WSFrame, WSMsgType, WSTransport

from services.rooms.realtime import frames
from services.rooms.realtime.codes import Code
from services.rooms.realtime.commands import Command, Malformed, Unknown, read
from services.rooms.realtime.frames import HEADROOM
from services.rooms.realtime.hot.line import Line
from services.rooms.realtime.room import Member, Room


class House(Protocol):
    """What a socket reports to. None of these may raise or wait."""

    def opened(self, socket: "Socket") -> None: ...
    def commanded(self, socket: "Socket", command: Command | Unknown) -> None: ...
    def returned(self, socket: "Socket") -> None:
        """A frame came from somebody who was away."""
        ...

    def closed(self, socket: "Socket") -> None:
        """Once per socket, whoever closed it; nothing is sent or received any more."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one socket may do. Bytes, and seconds."""

    frames_per_second: int
    moves_per_second: int
    frame_bytes: int
    backlog: int  # unsent: beyond it transforms are dropped,
    backlog_limit: int  # beyond this the socket is closed
    farewell: float  # for the other side to answer our close


class Socket(Line):
    """A client's end. After `seat` its binary frames move `member`; until then only commands are heard."""

    __slots__ = (
        "_bounds", "_on_greeted", "_parts", "_send", "close_code", "greeted", "id", "room",
        "room_id", "seated_at",
    )  # fmt: skip

    def __init__(self, house: House, room_id: UUID, on_greeted: Callable[[], None], bounds: Bounds) -> None:
        super().__init__(house, bounds.frames_per_second, bounds.moves_per_second)
        self.id = uuid4().hex
        self.room_id = room_id  # as its URL says
        self.room: Room | None = None
        self.greeted = False  # it has said hello
        self.close_code = 0
        self.seated_at = 0.0  # of the steady clock, as the other times
        self._on_greeted = on_greeted
        self._bounds = bounds
        self._parts: bytes | None = None  # of a fragmented message, as far as it has come

    # frames in

    def connected(self) -> None:
        self._send = self.transport.send_reuse_external_bytearray
        self.transport.underlying_transport.set_write_buffer_limits(high=self._bounds.backlog)
        self.house.opened(self)

    def received(self, frame: WSFrame) -> None:
        kind = frame.msg_type
        if self.closing:
            if kind == WSMsgType.CLOSE:
                self.transport.disconnect()
        elif kind == WSMsgType.TEXT and frame.fin:
            self.heard()
            self._commanded(frame.get_payload_as_bytes())
        elif kind == WSMsgType.PING:
            self.heard()
            self.transport.send_pong(frame.get_payload_as_bytes())
        elif kind == WSMsgType.CLOSE:
            self.close(Code.DONE)
            self.transport.disconnect()
        elif kind in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._fragment(frame)
        elif kind == WSMsgType.BINARY:
            self.close(Code.PROTOCOL, "a transform comes in one frame")
        else:
            self.heard()  # a pong

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._close_once()

    def _commanded(self, data: bytes) -> None:
        try:
            command = read(data)
        except Malformed:
            self.close(Code.PROTOCOL, "not a command")
        else:
            self.house.commanded(self, command)

    def _fragment(self, frame: WSFrame) -> None:
        begun = b"" if frame.msg_type == WSMsgType.TEXT else self._parts
        if begun is None or (frame.msg_type == WSMsgType.TEXT and self._parts is not None):
            self.close(Code.PROTOCOL, "fragments out of order")
        elif len(begun) + frame.payload_size > self._bounds.frame_bytes:
            self.close(Code.TOO_LARGE, "too large")
        else:
            self.heard()
            whole = begun + frame.get_payload_as_bytes()
            self._parts = None if frame.fin else whole
            if frame.fin:
                self._commanded(whole)

    # frames out

    def tell(self, frame: bytearray) -> None:
        """Send a JSON frame (HEADROOM in front), in order; a reader far behind is let go."""
        if self.closing:
            return
        self._send(WSMsgType.TEXT, frame, HEADROOM)
        if self.stalled_since is not None and self.unsent() > self._bounds.backlog_limit:
            self.close(Code.TOO_SLOW, "too slow")

    def correct(self, reason: int) -> None:
        if (member := self.member) is not None:
            self.transport.send(WSMsgType.BINARY, frames.correction(reason, member.seq or 0, member.body))

    def unsent(self) -> int:
        """Bytes waiting in this process."""
        waiting: int = self.transport.underlying_transport.get_write_buffer_size()
        return waiting

    def pause_writing(self) -> None:
        self.stalled_since = monotonic()

    def resume_writing(self) -> None:
        self.stalled_since = None

    # its life

    def greet(self) -> None:
        self.greeted = True
        self._on_greeted()

    def seat(self, member: Member, room: Room) -> None:
        self.enter(member, room.stage)
        self.room = room
        self.seated_at = member.heard

    def close(self, code: Code, reason: str = "") -> None:
        """Say why, once; the connection goes when the client has answered, or shortly after."""
        if self.closing:
            return
        self.close_code = code
        self.transport.send_close(code, reason)  # type: ignore[arg-type]
        self._close_once()
        asyncio.get_running_loop().call_later(self._bounds.farewell, self.transport.disconnect, False)

    def _close_once(self) -> None:
        if not self.closing:
            self.closing = True
            self._parts = None
            self.house.closed(self)
