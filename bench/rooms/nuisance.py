"""Guests who spoil it for others, if they are let: they read nothing, or send far too much. Each comes back."""

import asyncio
import os
import socket
from base64 import b64encode
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import orjson

from bench.rooms.guest import BINARY, OurGuest
from bench.rooms.ours import Ours

SMALL: Final = 4096  # bytes that the slow reader's kernel keeps
PATIENCE: Final = 8.0  # seconds that one waits to be thrown out
BURST, PAUSE = 50, 0.02  # frames and seconds: 25 times what is allowed


async def slow_reader(bar: Ours, room: UUID) -> None:
    """Takes a seat and never reads a byte of what the room is told."""
    user = uuid4()
    while True:
        held = await bar.hold(room, user)
        where = urlsplit(held.ws_url)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            sock.setblocking(False)
            with suppress(OSError):
                await _hello(sock, where.hostname or "", where.port or 0, where.path, held.ticket)
                for _ in range(int(PATIENCE / 2)):
                    await asyncio.sleep(2)
                    await _send(sock, b'{"t":"ping","n":0}')


async def flooder(bar: Ours, room: UUID) -> None:
    """Takes a seat and sends moves as if there were no tomorrow."""
    user = uuid4()
    while True:
        held = await bar.hold(room, user)
        guest = OurGuest(ticket=held.ticket)
        with suppress(ConnectionError, OSError):
            await guest.open(held.ws_url, OurGuest.HEADERS)
            await guest.arrived
            while not guest.over.done():
                for n in range(BURST):
                    guest.transport.send(BINARY, guest.packed(n, n, n, 0, n))
                await asyncio.sleep(PAUSE)


async def _hello(sock: socket.socket, host: str, port: int, path: str, ticket: str) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, (host, port))
    key = b64encode(os.urandom(16)).decode()
    ask = {"Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key}
    ask |= {"Sec-WebSocket-Version": "13", **OurGuest.HEADERS}
    told = "".join(f"{name}: {value}\r\n" for name, value in ask.items())
    await loop.sock_sendall(sock, f"GET {path} HTTP/1.1\r\n{told}\r\n".encode())
    while not (await loop.sock_recv(sock, 1024)).endswith(b"\r\n\r\n"):
        pass
    await _send(sock, orjson.dumps({"t": "hello", "ticket": ticket}))


async def _send(sock: socket.socket, text: bytes) -> None:
    """A text frame, masked with zeroes."""
    size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
    await asyncio.get_running_loop().sock_sendall(sock, b"\x81" + size + bytes(4) + text)
