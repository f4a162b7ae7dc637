"""The cheapest HTTP client that is still one: what is measured is the server, on the same two cores."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import orjson


class Wire:
    """One kept-open connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader, self._writer, self._host = reader, writer, host

    async def __call__(
        self, method: str, path: str, token: str, body: Any = None, *, key: str = ""
    ) -> tuple[int, bytes]:
        """Status and body; `key` is an Idempotency-Key. Raises IncompleteReadError when the connection ends."""
        data = b"" if body is None else orjson.dumps(body)
        head = f"{method} {path} HTTP/1.1\r\nhost: {self._host}\r\nauthorization: Bearer {token}\r\n"
        if key:
            head += f"idempotency-key: {key}\r\n"
        if data:
            head += "content-type: application/json\r\n"
        self._writer.write(f"{head}content-length: {len(data)}\r\n\r\n".encode() + data)
        said = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        _, _, rest = said.partition(b"content-length: ")
        length = int(rest.partition(b"\r\n")[0] or 0)
        return int(said[9:12]), await self._reader.readexactly(length)


@asynccontextmanager
async def connected(url: str, count: int) -> AsyncIterator[list[Wire]]:
    """`count` connections to the host of `url`."""
    where = urlsplit(url)
    pairs = [await asyncio.open_connection(where.hostname, where.port) for _ in range(count)]
    try:
        yield [Wire(reader, writer, where.netloc) for reader, writer in pairs]
    finally:
        for _, writer in pairs:
            writer.close()
