"""One socket: frames in, frames out, and nothing that waits. What a command means is the floor's business."""

import asyncio
from collections.abc import Callable
from enum import IntEnum
from time import monotonic
from typing import Final, Protocol
from uuid import UUID, uuid4

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from services.rooms.realtime.frames import HEADROOM, UP, UP_BYTES
from services.rooms.realtime.messages import Command, Malformed, Unknown, read
from services.rooms.realtime.room import Member, Room

# Names of this module: an attribute of the enum's class would be looked up for every frame.
CONTINUATION: Final = WSMsgType.CONTINUATION
TEXT: Final = WSMsgType.TEXT
BINARY: Final = WSMsgType.BINARY
CLOSE: Final = WSMsgType.CLOSE
PING: Final = WSMsgType.PING

FLOOD_SECONDS: Final = 4  # of frames may come at once, after a hiccup of the network
CORRECTION_SECONDS: Final = 0.05  # between two corrections


class Code(IntEnum):
    """Why a socket closes. docs/realtime.md says what a client should do."""

    DONE = 1000
    DRAIN = 1001
    TOO_LARGE = 1009
    OVERLOAD = 1013
    PROTOCOL = 4000
    TOKEN_EXPIRED = 4001
    REVOKED = 4002
    BAD_TICKET = 4003
    ROOM_CLOSED = 4004
    TOO_SLOW = 4008
    REPLACED = 4009
    KICKED = 4010
    SANCTIONED = 4011
    SEAT_GONE = 4012
    FLOOD = 4029


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


class Socket(WSListener):
    """A client's end. After `seat` its binary frames move `member`; until then only commands are heard."""

    def __init__(
        self,
        house: House,
        room_id: UUID,
        on_greeted: Callable[[], None],
        *,
        frames_per_second: int,
        moves_per_second: int,
        frame_bytes: int,
        backlog: int,
        backlog_limit: int,
        farewell: float,
    ) -> None:
        self.id = uuid4().hex
        self.house = house
        self.room_id = room_id  # as its URL says
        self.greeted = False  # it has said hello
        self.seated_at = 0.0
        self._on_greeted = on_greeted
        self.member: Member | None = None
        self.room: Room | None = None
        self.closing = False
        self.close_code = 0
        self.authorised_until = float("inf")  # its access token's end, in seconds of the steady clock
        self.unconfirmed: str | None = None  # the resume token, until its client has spoken
        self.stalled_since: float | None = None  # it takes less than it is sent
        self._frames = 0  # unpaid: each second pays for `frames_per_second` of them
        self._moves = 0  # likewise
        self._moved_on = 0
        self._held: bytes | None = None  # a move that came too soon
        self._corrected_at = 0.0
        self._frames_per_second = frames_per_second
        self._flood = frames_per_second * FLOOD_SECONDS
        self._moves_per_second = moves_per_second
        self._frame_bytes = frame_bytes
        self._backlog, self._backlog_limit = backlog, backlog_limit
        self._farewell = farewell
        self._parts: list[bytes] = []  # of a fragmented message
        self._parts_bytes = 0

    # frames in

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._send = transport.send_reuse_external_bytearray
        transport.underlying_transport.set_write_buffer_limits(high=self._backlog)
        self.house.opened(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if self.closing:
            if kind == CLOSE:
                transport.disconnect()
            return
        self._frames += 1
        if self._frames > self._flood:
            self.close(Code.FLOOD, "flood")
        elif kind == BINARY and frame.fin:
            self._moved(frame.get_payload_as_bytes())
        elif kind == TEXT and frame.fin:
            self._heard()
            self._commanded(frame.get_payload_as_bytes())
        elif kind == PING:
            self._heard()
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind == CLOSE:
            self.close(Code.DONE)
            transport.disconnect()
        elif kind in (TEXT, CONTINUATION):
            self._fragment(frame)
        elif kind == BINARY:
            self.close(Code.PROTOCOL, "a transform comes in one frame")
        else:
            self._heard()  # a pong

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._close_once()

    def _heard(self) -> None:
        if (member := self.member) is not None:
            member.heard = monotonic()
            if member.away:
                self.house.returned(self)

    def _moved(self, up: bytes) -> None:
        if len(up) != UP_BYTES or up[0] != UP:
            self.close(Code.PROTOCOL, "not a transform")
            return
        member, room = self.member, self.room
        if member is None or room is None:
            return  # sent before the welcome; the next one will do
        member.heard = now = monotonic()
        if member.away:
            self.house.returned(self)
        if self._moves < self._moves_per_second:
            self._step(member, room, up, now)
        else:
            self._held = up  # the newest is taken when it is time: else a client in a hurry would stop short

    def _step(self, member: Member, room: Room, up: bytes, now: float) -> None:
        self._moves += 1
        self._moved_on += 1
        self._held = None
        correction = room.move(member, up, now)
        if correction is not None and now - self._corrected_at > CORRECTION_SECONDS:
            self._corrected_at = now
            self._transport.send(BINARY, correction)

    def _commanded(self, data: bytes) -> None:
        try:
            command = read(data)
        except Malformed:
            self.close(Code.PROTOCOL, "not a command")
        else:
            self.house.commanded(self, command)

    def _fragment(self, frame: WSFrame) -> None:
        starts = frame.msg_type == TEXT
        self._parts_bytes += frame.payload_size
        if starts == bool(self._parts):
            self.close(Code.PROTOCOL, "fragments out of order")
        elif self._parts_bytes > self._frame_bytes:
            self.close(Code.TOO_LARGE, "too large")
        else:
            self._parts.append(frame.get_payload_as_bytes())
            if frame.fin:
                whole, self._parts, self._parts_bytes = b"".join(self._parts), [], 0
                self._heard()
                self._commanded(whole)

    # frames out

    def tell(self, frame: bytearray) -> None:
        """Send a JSON frame (HEADROOM in front), in order; a reader far behind is let go."""
        if self.closing:
            return
        self._send(TEXT, frame, HEADROOM)
        if self.stalled_since is not None and self.unsent() > self._backlog_limit:
            self.close(Code.TOO_SLOW, "too slow")

    def show(self, frame: bytearray) -> bool:
        """Send a tick (HEADROOM in front); False where it is dropped, because older ones still wait to be read."""
        if self.stalled_since is not None:
            return False
        self._send(BINARY, frame, HEADROOM)
        return True

    def unsent(self) -> int:
        """Bytes waiting in this process."""
        waiting: int = self._transport.underlying_transport.get_write_buffer_size()
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
        self.member, self.room = member, room
        self.seated_at = member.heard

    def pass_seconds(self, seconds: float) -> int:
        """Time has passed: room for more frames. Returns how many moves were judged since the last call."""
        self._frames = max(0, self._frames - int(seconds * self._frames_per_second))
        self._moves = max(0, self._moves - int(seconds * self._moves_per_second))
        if self._held is not None and self.member is not None and self.room is not None:
            self._step(self.member, self.room, self._held, monotonic())
        judged, self._moved_on = self._moved_on, 0
        return judged

    def close(self, code: Code, reason: str = "") -> None:
        """Say why, once; the connection goes when the client has answered, or shortly after."""
        if self.closing:
            return
        self.close_code = code
        self._transport.send_close(code, reason)  # type: ignore[arg-type]
        self._close_once()
        asyncio.get_running_loop().call_later(self._farewell, self._transport.disconnect, False)

    def _close_once(self) -> None:
        if not self.closing:
            self.closing = True
            self._parts = []
            self.house.closed(self)
