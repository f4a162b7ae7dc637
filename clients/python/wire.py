"""One WebSocket: what comes in is handed on as it comes, what goes out goes at once."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any, Final

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from clients.python.problems import Unreachable

SUBPROTOCOL: Final = {"Sec-WebSocket-Protocol": "virtubar.v1"}
BIGGEST: Final = 4 * 1024 * 1024  # a snapshot of a thousand people is far smaller
ABNORMAL: Final = 1006  # closed without a word
# An adapter: picows makes a child logger per connection of a plain one.
QUIET: Final = logging.LoggerAdapter(logging.getLogger("virtubar.client"))
TEXT, BINARY, CLOSE, PING = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CLOSE, WSMsgType.PING


class Wire(WSListener):
    """`on_text` and `on_binary` get payloads; `on_closed(wire)` is called last, when it has `code` and `reason`."""

    def __init__(
        self,
        on_text: Callable[[bytes], None],
        on_binary: Callable[[bytes], None],
        on_closed: Callable[["Wire"], None],
    ) -> None:
        self._on_text, self._on_binary, self._on_closed = on_text, on_binary, on_closed
        self.code, self.reason = ABNORMAL, ""
        self.is_closed = False

    @classmethod
    async def open(cls, url: str, *callbacks: Any, tls: ssl.SSLContext | None = None, within: float = 10.0) -> "Wire":
        """Raises Unreachable: refused, no answer, or not a realtime node."""
        try:
            async with asyncio.timeout(within):
                _, wire = await ws_connect(
                    lambda: cls(*callbacks),
                    url,
                    ssl_context=tls,
                    extra_headers=SUBPROTOCOL,
                    max_frame_size=BIGGEST,
                    read_buffer_init_size=4096,
                    logger_name=QUIET,
                )
        except (OSError, WSError, TimeoutError, ValueError) as error:
            raise Unreachable(type(error).__name__) from error
        if not isinstance(wire, cls):
            raise Unreachable("closed in the handshake")  # picows returns no listener then, and no error
        return wire

    def send(self, payload: bytes | str) -> None:
        """Text as str, a transform as bytes; nothing happens once the socket is closing."""
        self._transport.send(TEXT if isinstance(payload, str) else BINARY, payload)

    def close(self, code: int = 1000, reason: str = "") -> None:
        self._transport.send_close(code, reason)  # type: ignore[arg-type]
        asyncio.get_running_loop().call_later(1.0, self._transport.disconnect, False)

    def abort(self) -> None:
        """Without a word, as a cut cable does it."""
        self._transport.disconnect(graceful=False)

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == BINARY:
            self._on_binary(frame.get_payload_as_bytes())
        elif kind == TEXT:
            self._on_text(frame.get_payload_as_bytes())
        elif kind == CLOSE:
            payload = frame.get_payload_as_bytes()
            self.code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1005
            self.reason = payload[2:].decode(errors="replace")
            transport.send_close(self.code)  # type: ignore[arg-type]
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.is_closed = True
        self._on_closed(self)
