"""A reader that takes nothing loses stale transforms, then its socket; nobody else notices, memory is bounded."""

import asyncio
import json
import logging
import socket
from typing import Any
from uuid import UUID, uuid4

from picows import WSTransport
from prometheus_client import REGISTRY

from clients.python.events import Away
from services.rooms.realtime import messages
from services.rooms.realtime.codes import Code
from services.rooms.realtime.messages import Pong
from services.rooms.realtime.socket import Bounds, Socket
from tests.rooms.realtime.bar import Bar, Raw, raw
from tests.waiting import until

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def masked(opcode: int, payload: bytes) -> bytes:
    assert len(payload) < 126
    return bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload


class Deaf:
    """A client that sends and never reads, with as little room in its kernel as it may have."""

    def __init__(self, url: str) -> None:
        host, _, path = url.partition("//")[2].partition("/")
        name, _, port = host.partition(":")
        self.path, self.address = f"/{path}", (name, int(port))
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.setblocking(False)

    async def come_in(self, ticket: str) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, self.address)
        await loop.sock_sendall(self.socket, HANDSHAKE.format(path=self.path).encode())
        while b"\r\n\r\n" not in await loop.sock_recv(self.socket, 4096):
            pass
        await self.send({"t": "hello", "ticket": ticket})

    async def send(self, command: dict[str, object]) -> None:
        await asyncio.get_running_loop().sock_sendall(self.socket, masked(1, json.dumps(command).encode()))


THIN: dict[str, Any] = {
    "node_region": "me",
    "send_buffer_bytes": 2048,  # the kernel holds little for a slow reader
    "backlog_bytes": 2048,
    "tick_hz": 60,
    "limit_moves_per_second": 60,
    "away_seconds": 30,
}


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"virtubar_realtime_{name}_total", {"node": "thin", **labels}) or 0.0


async def test_a_deaf_client_is_closed_and_the_others_see_every_move(bar: Bar) -> None:
    await bar.node("thin", **THIN)
    room = await bar.house.room(region="me")
    walkers = await asyncio.gather(*(bar.join(room, watch=False) for _ in range(15)))
    witness, body = await bar.join(room), await bar.ticket(room)
    deaf = Deaf(body["ws_url"])
    await deaf.come_in(body["ticket"])
    places = [walker.roster.me for walker in walkers]

    async def walk() -> bool:
        for n in range(30):
            for walker, place in zip(walkers, places, strict=True):
                assert place
                walker.move(place.x, n, place.z)
            await asyncio.sleep(1 / 60)
        return counted("closed", code="4008") == 1

    await until(walk, within=60, every=0)
    assert counted("frames_dropped") > 0
    await until(lambda: {witness.roster.people[bar.user(walker)].y for walker in walkers} == {29})
    assert bar.events(witness, Away)
    assert [visit.over for visit in (witness, *walkers)] == [None] * 16
    assert await bar.house.occupied(room) == 17  # it may come back to its seat
    deaf.socket.close()


class Full:
    """A connection whose reader has stopped: all that is written waits."""

    def __init__(self) -> None:
        self.unsent = 0

    def get_extra_info(self, name: str) -> "Full | None":
        return self if name == "socket" else None

    def fileno(self) -> int:
        return -1

    def set_write_buffer_limits(self, high: int) -> None: ...
    def get_write_buffer_size(self) -> int:
        return self.unsent

    def write(self, data: bytes) -> None:
        self.unsent += len(data)

    def abort(self) -> None: ...


class Nowhere:
    """A house that listens to nobody."""

    def opened(self, socket: Socket) -> None: ...
    def commanded(self, socket: Socket, command: object) -> None: ...
    def returned(self, socket: Socket) -> None: ...
    def closed(self, socket: Socket) -> None: ...


async def test_what_waits_for_a_stopped_reader_is_bounded() -> None:
    bounds = Bounds(
        frames_per_second=1, moves_per_second=1, frame_bytes=1, backlog=1000, backlog_limit=5000, farewell=0
    )
    kept = Socket(Nowhere(), UUID(int=1), lambda: None, bounds)
    full = Full()
    transport = WSTransport(False, full, logging.getLogger("full"), asyncio.get_running_loop())  # type: ignore[call-arg]
    kept.on_ws_connected(transport)
    kept.pause_writing()
    assert [kept.show(bytearray(600)) for _ in range(100)] == [False] * 100  # stale: dropped
    assert full.unsent == 0
    told = messages.encode(Pong(1, 2))
    for _ in range(1000):  # in order, so never dropped: the socket goes instead
        kept.tell(told)
    said = transport.close_handshake and transport.close_handshake.sent
    assert said
    assert said.code == Code.TOO_SLOW  # type: ignore[comparison-overlap]
    assert full.unsent < 5000 + 2 * len(told)
    kept.resume_writing()
    assert kept.closing


async def answer(guest: Raw) -> dict[str, Any]:
    while True:
        frame = await guest.socket.recv()
        if isinstance(frame, str) and (said := json.loads(frame))["t"] in ("ack", "error"):
            return dict(said)


async def test_nobody_is_made_too_slow_by_anothers_signals(bar: Bar) -> None:
    await bar.node("thin", **THIN, drain_seconds=30.0)
    room, slow = await bar.house.room(region="me"), uuid4()
    body, own = await bar.ticket(room, slow), await bar.ticket(room)
    reader = Deaf(body["ws_url"])
    async with raw(own["ws_url"]) as other, asyncio.timeout(60):
        await other.hello(own["ticket"])
        await reader.come_in(body["ticket"])
        await other.told("join")
        signal = {"t": "voice_signal", "to": str(slow), "kind": "candidate", "data": "x" * 16_000}
        answers = []
        for number in range(60):  # twice as much as may wait for anybody
            await other.send(**signal, cid=number)
            answers.append(await answer(other))
    reader.socket.close()
    assert answers[0]["t"] == "ack"
    assert {said["type"].rpartition("/")[2] for said in answers if said["t"] == "error"} == {"unavailable"}
