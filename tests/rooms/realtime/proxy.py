"""A TCP proxy that can swallow everything: a half-open connection, as a cable that was cut leaves it on both sides."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """Of one node. Connections made before `swallow` neither pass anything on nor close."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._passing = asyncio.Event()
        self._passing.set()
        self._pipes: set[asyncio.Task[None]] = set()
        self.port = 0

    def url(self, ws_url: str) -> str:
        """The same place, through here."""
        parts = urlsplit(ws_url)
        return urlunsplit(parts._replace(netloc=f"127.0.0.1:{self.port}"))

    def swallow(self) -> None:
        """From now on, for those connected: silence, both ways. Whoever connects later passes."""
        self._passing.clear()
        self._passing = asyncio.Event()
        self._passing.set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passing = self._passing
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        ends = (writer, far_writer)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            pipe = asyncio.create_task(self._pipe(source, sink, passing, ends))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        passing: asyncio.Event,
        ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        try:
            while data := await source.read(65536):
                if not passing.is_set():
                    await asyncio.Event().wait()  # as if nobody were there
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        if not passing.is_set():
            await asyncio.Event().wait()  # a goodbye is swallowed, too
        for end in ends:
            with suppress(OSError):
                end.close()

    async def end(self) -> None:
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)


@asynccontextmanager
async def proxy_of(ws_url: str) -> AsyncIterator[Proxy]:
    parts = urlsplit(ws_url)
    assert parts.hostname
    assert parts.port
    proxy = Proxy(parts.hostname, parts.port)
    server = await asyncio.start_server(proxy.connected, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
