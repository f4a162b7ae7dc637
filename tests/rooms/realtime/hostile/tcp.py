"""A WebSocket client that breaks the rules: every bit of a frame is the test's to say."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
HANDSHAKE: Final = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
)
OURS: Final = "Sec-WebSocket-Protocol: virtubar.v1\r\n"


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, mask: bytes | None = b"", rsv: int = 0, length: bytes = b""
) -> bytes:
    """`mask` None: none, though clients must; `length`: what the header says instead of the truth."""
    told = length or _length(len(payload))
    bits = bytes([fin << 7 | rsv << 4 | opcode, told[0] | (mask is not None) << 7]) + told[1:]
    if mask is None:
        return bits + payload
    key = mask or os.urandom(4)
    return bits + key + bytes(byte ^ key[n % 4] for n, byte in enumerate(payload))


def _length(size: int) -> bytes:
    if size < 126:
        return bytes([size])
    return b"\x7e" + size.to_bytes(2, "big") if size < 65536 else b"\x7f" + size.to_bytes(8, "big")


def text(**command: Any) -> bytes:
    return frame(TEXT, json.dumps(command).encode())


class Tcp:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Nothing happens where the other side has gone."""
        with suppress(ConnectionError):
            self._writer.write(data)
            await self._writer.drain()

    async def upgrade(self, url: str, more: str = OURS) -> str:
        """The status line of the answer."""
        host, _, path = url.partition("//")[2].partition("/")
        await self.send(HANDSHAKE.format(path=f"/{path}", host=host, more=more).encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        return head.partition(b"\r\n")[0].decode()

    async def read(self) -> tuple[int, bytes]:
        """Opcode and payload. Raises IncompleteReadError at the end."""
        first, size = await self._reader.readexactly(2)
        if size > 125:
            size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
        return first & 0xF, await self._reader.readexactly(size)

    async def read_control(self) -> tuple[int, bytes]:
        """The next frame that is neither text nor binary."""
        while True:
            opcode, payload = await self.read()
            if opcode not in (TEXT, BINARY):
                return opcode, payload

    async def told(self, kind: str, within: float = 20) -> dict[str, Any]:
        """The next JSON frame of that kind."""
        async with asyncio.timeout(within):
            while True:
                opcode, payload = await self.read()
                assert opcode != CLOSE, payload
                if opcode == TEXT and (message := json.loads(payload))["t"] == kind:
                    return dict(message)

    async def hello(self, ticket: str) -> dict[str, Any]:
        await self.send(text(t="hello", ticket=ticket))
        return await self.told("welcome")

    async def code(self, within: float = 20) -> int:
        """The close code; 1006 where there was no word."""
        code = 1006
        async with asyncio.timeout(within):
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    opcode, payload = await self.read()
                    if opcode == CLOSE:
                        code = int.from_bytes(payload[:2], "big") if payload else 1005
                        await self.send(frame(CLOSE, payload[:2]))
        return code

    async def rest(self, within: float = 20) -> bytes:
        """Whatever else comes, to the end."""
        async with asyncio.timeout(within):
            with suppress(ConnectionError):
                return await self._reader.read()
        return b""

    def close(self) -> None:
        self._writer.transport.abort()


@asynccontextmanager
async def tcp(url: str) -> AsyncIterator[Tcp]:
    """Connected, and nothing said yet."""
    host, _, port = url.partition("//")[2].partition("/")[0].rpartition(":")
    made = Tcp(*await asyncio.open_connection(host, int(port)))
    try:
        yield made
    finally:
        made.close()


@asynccontextmanager
async def seated(body: dict[str, Any]) -> AsyncIterator[Tcp]:
    """Welcomed with a join answer."""
    async with tcp(body["ws_url"]) as made:
        assert "101" in await made.upgrade(body["ws_url"])
        await made.hello(body["ticket"])
        await made.told("snapshot")
        yield made
