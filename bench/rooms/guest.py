"""One client, as cheap as it can be: it counts what it is sent, and keeps it as it came where it is in the sample."""

import asyncio
from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, Final
from uuid import UUID

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.rooms import walk
from bench.rooms.walk import Stand

TEXT: Final = WSMsgType.TEXT
BINARY: Final = WSMsgType.BINARY
PING: Final = WSMsgType.PING
CLOSE: Final = WSMsgType.CLOSE
_UP: Final = Struct("<BBHHhHBBH")
_MOVE: Final = Struct("<BBHhHBBH")
JOIN_ROOM, LEAVE_ROOM, ROOM_STATE_PATCH, ROOM_DATA_BYTES, MOVE = 10, 12, 15, 17, 0


class Guest(WSListener):
    """What both kinds have in common. `name` is what a viewer knows it by, once `arrived`."""

    def __init__(self) -> None:
        self.name: Any = None
        self.arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.code = 0  # of its close
        self.frames = self.units = self.bytes = 0  # of positions
        self.sample: list[tuple[int, bytes]] | None = None  # when it came, and as it came
        self.made: list[int] = []  # moves, as moments
        self._path: Sequence[Stand] = ()
        self._step = 0

    async def open(self, url: str, headers: dict[str, str] | None = None) -> None:
        """Raises what picows raises."""
        await ws_connect(lambda: self, url, extra_headers=headers, max_frame_size=1 << 24, read_buffer_init_size=4096)

    def start(self) -> None:
        """Count from here."""
        self.frames = self.units = self.bytes = 0
        self.made.clear()

    def walk_from(self, path: Sequence[Stand]) -> None:
        self._path, self._step = path, 0

    def move(self, at: int) -> None:
        """One step on."""
        self.made.append(at)
        self._step = step = self._step + 1
        x, z, yaw = self._path[step % walk.STEPS]
        self.transport.send(BINARY, self.packed(step, x, z, yaw, walk.stamp(at)))

    def packed(self, step: int, x: int, z: int, yaw: int, stamp: int) -> bytes:
        raise NotImplementedError

    def idle(self) -> None:
        """What a client sends now and then that has nothing to say."""

    def leave(self) -> None:
        """Ask to be let out."""
        raise NotImplementedError

    def cut(self) -> None:
        """As a broken cable does it."""
        self.transport.disconnect(graceful=False)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.arrived.done():
            self.arrived.set_exception(ConnectionError(f"closed with {self.code}"))
        if not self.over.done():
            self.over.set_result(None)

    def closed(self, transport: WSTransport, frame: WSFrame) -> None:
        self.code = int.from_bytes(frame.get_payload_as_bytes()[:2], "big")
        transport.disconnect()

    def _arrive(self) -> None:
        if not self.arrived.done():
            self.arrived.set_result(None)


class OurGuest(Guest):
    """Of the protocol `virtubar.v1`. A unit is a record of a frame down."""

    HEADERS: Final = {"Sec-WebSocket-Protocol": "virtubar.v1"}

    def __init__(self, **hello: Any) -> None:
        super().__init__()
        self.user: UUID | None = None
        self.url = ""
        self.welcome: dict[str, Any] = {}
        self.on_told: Callable[[dict[str, Any]], None] | None = None  # every message, where somebody wants them
        self._hello = hello

    def on_ws_connected(self, transport: WSTransport) -> None:
        super().on_ws_connected(transport)
        self.say(t="hello", **self._hello)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == BINARY:
            size = frame.payload_size
            self.frames += 1
            self.bytes += size
            head = frame.get_payload_as_memoryview()
            if head[0] == 2:
                self.units += head[2] | head[3] << 8
            if self.sample is not None:
                self.sample.append((walk.now(), bytes(head)))
        elif kind == TEXT:
            self.bytes += frame.payload_size
            self._hear(frame.get_payload_as_bytes())
        elif kind == CLOSE:
            self.closed(transport, frame)
        elif kind == PING:
            transport.send_pong(frame.get_payload_as_bytes())

    def _hear(self, payload: bytes) -> None:
        if self.on_told is None and self.arrived.done():
            return
        message = orjson.loads(payload)
        if self.on_told is not None:
            self.on_told(message)
        if message["t"] == "welcome":
            self.welcome, self.name = message, message["slot"]
            if message["resumed"]:
                self._arrive()
        elif message["t"] == "snapshot":
            mine = next(each for each in message["members"] if each["slot"] == self.name)
            floor = self.welcome["floor"]
            self.walk_from(walk.circle(mine["x"], mine["z"], floor["x"] // 2, floor["z"] // 2))
            self._arrive()

    def idle(self) -> None:
        """What a client sends that has nothing to say, every two seconds."""
        self.say(t="ping", n=0)

    def leave(self) -> None:
        self.say(t="leave", cid=1)

    def say(self, **command: Any) -> None:
        self.transport.send(TEXT, orjson.dumps(command))

    def packed(self, step: int, x: int, z: int, yaw: int, stamp: int) -> bytes:
        return _UP.pack(1, 1, step & 0xFFFF, x, 0, z, yaw, 1, stamp)


class ColyseusGuest(Guest):
    """Of Colyseus' protocol. A unit is a patch."""

    def __init__(self, session: str, path: Sequence[Stand]) -> None:
        super().__init__()
        self.name = session
        self.walk_from(path)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == BINARY:
            head = frame.get_payload_as_memoryview()
            if head[0] == ROOM_STATE_PATCH:
                self.frames += 1
                self.units += 1
                self.bytes += frame.payload_size
            elif head[0] == JOIN_ROOM:
                transport.send(BINARY, bytes([JOIN_ROOM]))
                self._arrive()
            if self.sample is not None:
                self.sample.append((walk.now(), bytes(head)))
        elif kind == CLOSE:
            self.closed(transport, frame)
        elif kind == PING:
            transport.send_pong(frame.get_payload_as_bytes())

    def packed(self, step: int, x: int, z: int, yaw: int, stamp: int) -> bytes:
        return _MOVE.pack(ROOM_DATA_BYTES, MOVE, x, 0, z, yaw, 1, stamp)

    def leave(self) -> None:
        self.transport.send(BINARY, bytes([LEAVE_ROOM]))
