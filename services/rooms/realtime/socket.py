"""One socket: frames in, frames out, and nothing that waits. What a command means is the floor's business."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol
from uuid import UUID, uuid4

from picows import WSFrame, WSListener, WSMsgType, WSTransport

from services.rooms.realtime.codes import Code
from services.rooms.realtime.commands import Command, Malformed, Unknown, read
from services.rooms.realtime.frames import HEADROOM, UP, UP_BYTES
from services.rooms.realtime.room import Member, Room

# Names of this module: an attribute of the enum's class would be looked up for every frame.
CONTINUATION: Final = WSMsgType.CONTINUATION
TEXT: Final = WSMsgType.TEXT
BINARY: Final = WSMsgType.BINARY
CLOSE: Final = WSMsgType.CLOSE
PING: Final = WSMsgType.PING

FLOOD_SECONDS: Final = 4  # of frames may come at once, after a hiccup of the network
CORRECTION_SECONDS: Final = 0.05  # between two corrections


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


class Socket(WSListener):
    """A client's end. After `seat` its binary frames move `member`; until then only commands are heard."""

    __slots__ = (
        "_bounds", "_corrected_at", "_frames", "_held", "_judged", "_moves", "_on_greeted", "_parts", "_send",
        "_transport", "authorised_until", "close_code", "closing", "greeted", "house", "id", "member", "room",
        "room_id", "seated_at", "stalled_since", "unconfirmed",
    )  # fmt: skip

    def __init__(self, house: House, room_id: UUID, on_greeted: Callable[[], None], bounds: Bounds) -> None:
        self.id = uuid4().hex
        self.house = house
        self.room_id = room_id  # as its URL says
        self.member: Member | None = None
        self.room: Room | None = None
        self.greeted = False  # it has said hello
        self.closing = False
        self.close_code = 0
        self.seated_at = 0.0  # of the steady clock, as the other times
        self.authorised_until = float("inf")  # its access token's end
        self.stalled_since: float | None = None  # it takes less than it is sent
        self.unconfirmed: str | None = None  # the resume token, until its client has spoken
        self._on_greeted = on_greeted
        self._bounds = bounds
        self._frames = 0.0  # unpaid: each second pays for `frames_per_second` of them
        self._moves = 0.0  # likewise
        self._judged = 0  # moves, since somebody asked
        self._held: bytes | None = None  # a move that came too soon
        self._corrected_at = 0.0
        self._parts: bytes | None = None  # of a fragmented message, as far as it has come

    # frames in

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._send = transport.send_reuse_external_bytearray
        transport.underlying_transport.set_write_buffer_limits(high=self._bounds.backlog)
        self.house.opened(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if self.closing:
            if kind == CLOSE:
                transport.disconnect()
            return
        self._frames += 1
        if self._frames > self._bounds.frames_per_second * FLOOD_SECONDS:
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
        if self._moves < self._bounds.moves_per_second:
            self._step(member, room, up, now)
        else:
            self._held = up  # the newest is taken when it is time: else a client in a hurry would stop short

    def _step(self, member: Member, room: Room, up: bytes, now: float) -> None:
        self._moves += 1
        self._judged += 1
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
        begun = b"" if frame.msg_type == TEXT else self._parts
        if begun is None or (frame.msg_type == TEXT and self._parts is not None):
            self.close(Code.PROTOCOL, "fragments out of order")
        elif len(begun) + frame.payload_size > self._bounds.frame_bytes:
            self.close(Code.TOO_LARGE, "too large")
        else:
            self._heard()
            whole = begun + frame.get_payload_as_bytes()
            self._parts = None if frame.fin else whole
            if frame.fin:
                self._commanded(whole)

    # frames out

    def tell(self, frame: bytearray) -> None:
        """Send a JSON frame (HEADROOM in front), in order; a reader far behind is let go."""
        if self.closing:
            return
        self._send(TEXT, frame, HEADROOM)
        if self.stalled_since is not None and self.unsent() > self._bounds.backlog_limit:
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
        self._frames = max(min(self._frames, 0.0), self._frames - seconds * self._bounds.frames_per_second)
        self._moves = max(0.0, self._moves - seconds * self._bounds.moves_per_second)
        if self._held is not None and self.member is not None and self.room is not None:
            self._step(self.member, self.room, self._held, monotonic())
        judged, self._judged = self._judged, 0
        return judged

    def pardon(self, seconds: float) -> None:
        """Nobody read for so long: what piled up meanwhile is no flood."""
        self._frames -= seconds * self._bounds.frames_per_second

    def close(self, code: Code, reason: str = "") -> None:
        """Say why, once; the connection goes when the client has answered, or shortly after."""
        if self.closing:
            return
        self.close_code = code
        self._transport.send_close(code, reason)  # type: ignore[arg-type]
        self._close_once()
        asyncio.get_running_loop().call_later(self._bounds.farewell, self._transport.disconnect, False)

    def _close_once(self) -> None:
        if not self.closing:
            self.closing = True
            self._parts = None
            self.house.closed(self)
