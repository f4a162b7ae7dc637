"""One accepted TCP connection up to its upgrade: who may come in, and to what."""

import logging
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from uuid import UUID, uuid4

import orjson
from picows import WSAutoPingStrategy, WSUpgradeRequest, WSUpgradeResponse, WSUpgradeResponseWithListener
from picows.picows import WSProtocol  # type: ignore[attr-defined]

from libs.chassis.edge import ACCEPTED, HEADER
from services.rooms.realtime.codes import Code
from services.rooms.realtime.crowd import Crowd
from services.rooms.realtime.messages import PROBLEMS
from services.rooms.realtime.socket import Socket

SUBPROTOCOL: Final = "virtubar.v1"
PATH: Final = re.compile(rb"/v1/rt/([A-Za-z0-9._-]{1,64})/([0-9a-fA-F-]{36})(?:\?.*)?")
# An adapter, because picows makes a child logger per connection of a plain logger; quiet, because what strangers send
# would else fill the log.
QUIET: Final = logging.LoggerAdapter(logging.getLogger("picows.node"))
QUIET.logger.setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Entrance:
    """What a connection needs to know of the node. `open_socket` makes the listener of one upgraded socket."""

    node_id: str
    crowd: Crowd
    trusted_proxies: Collection[str]
    frame_bytes: int
    hello_seconds: float
    open_socket: Callable[[UUID, "Connection"], Socket]
    is_open: Callable[[], bool]


class Connection(WSProtocol):  # type: ignore[misc]
    """Counted from its first byte; `address` is the peer's, or what a trusted proxy says it is."""

    def __init__(self, entrance: Entrance) -> None:
        super().__init__(
            host_port=None,
            ws_path=None,
            is_client_side=False,
            ws_listener_factory=self._upgrade,
            logger=QUIET,
            disconnect_on_exception=True,
            websocket_handshake_timeout=entrance.hello_seconds,
            enable_auto_ping=False,
            auto_ping_idle_timeout=20,
            auto_ping_reply_timeout=20,
            auto_ping_strategy=WSAutoPingStrategy.PING_WHEN_IDLE,
            enable_auto_pong=False,  # a ping is a heartbeat too: the socket answers it itself
            max_frame_size=entrance.frame_bytes,
            extra_headers=None,
            read_buffer_init_size=2048,  # frames up have 14 bytes; most of a silent socket's memory would be this
        )
        self._entrance = entrance
        self._admitted = False
        self._socket: Socket | None = None
        self.address = ""
        self.since = 0.0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._raw = transport
        self.since = monotonic()
        peer = transport.get_extra_info("peername")
        self.address = peer[0] if peer else ""
        self._admitted = self._entrance.crowd.enter(self) or self.address in self._entrance.trusted_proxies

    def connection_lost(self, reason: Exception | None) -> None:
        self._entrance.crowd.exit(self)
        super().connection_lost(reason)

    def turn_away(self) -> None:
        if self._socket is None:
            self._raw.abort()
        else:
            self._socket.close(Code.PROTOCOL, "no hello")

    def greeted(self) -> None:
        self._entrance.crowd.greeted(self)

    def _upgrade(self, request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        found = PATH.fullmatch(request.path)
        if found is None or found[1].decode() != self._entrance.node_id:
            return _refuse(request, 404, "not_found", "There is no such place here.")
        self._believe_proxy(request)
        if not self._admitted or not self._entrance.is_open():
            return _refuse(request, 503, "unavailable", "Too many are here already. Try again.", {"Retry-After": "5"})
        offered = _words(request, "Sec-WebSocket-Protocol")
        if offered and SUBPROTOCOL not in offered:
            return _refuse(request, 400, "malformed", f"This socket speaks {SUBPROTOCOL}.")
        try:
            room_id = UUID(found[2].decode())
        except ValueError:
            return _refuse(request, 404, "not_found", "There is no such place here.")
        _normalise(request)
        self._socket = self._entrance.open_socket(room_id, self)
        chosen = {"Sec-WebSocket-Protocol": SUBPROTOCOL} if offered else None
        return WSUpgradeResponseWithListener(WSUpgradeResponse.create_101_response(chosen), self._socket)

    def _believe_proxy(self, request: WSUpgradeRequest) -> None:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if self.address in self._entrance.trusted_proxies and forwarded:
            crowd = self._entrance.crowd
            crowd.exit(self)
            self.address = forwarded
            self._admitted = crowd.enter(self)


def _normalise(request: WSUpgradeRequest) -> None:
    # Firefox asks for "keep-alive, Upgrade", which picows takes for no upgrade
    if "upgrade" in [word.lower() for word in _words(request, "Connection")]:
        request.headers["Connection"] = "Upgrade"


def _words(request: WSUpgradeRequest, header: str) -> list[str]:
    return [word for part in request.headers.get(header, "").split(",") if (word := part.strip())]


def _refuse(
    request: WSUpgradeRequest, status: int, slug: str, detail: str, headers: dict[str, str] | None = None
) -> WSUpgradeResponseWithListener:
    asked_as = request.headers.get(HEADER, "")
    document = {
        "type": PROBLEMS + slug,
        "title": slug.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "request_id": asked_as if ACCEPTED.fullmatch(asked_as) else uuid4().hex,
    }
    said = {"Content-Type": "application/problem+json"} | (headers or {})
    answer = WSUpgradeResponse.create_error_response(status, orjson.dumps(document), said)
    return WSUpgradeResponseWithListener(answer, None)
