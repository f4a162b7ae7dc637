"""A node that says what a test tells it to, and the front door that names it; the guests are real."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx2
import websockets
from websockets import ServerConnection, Subprotocol

from clients.python import Client, Visit
from clients.python.events import Event

ME = UUID(int=1)
FLOOR = {"x": 2400, "y": 400, "z": 1800}
Scene = Callable[["Socket"], Awaitable[None]]


@dataclass
class Socket:
    """The node's end of one socket; `hello` is what it was greeted with."""

    raw: ServerConnection
    hello: dict[str, Any]

    async def tell(self, t: str, **members: Any) -> None:
        await self.raw.send(json.dumps({"t": t, **members}))

    async def welcome(
        self, *, resumed: bool = False, offset: int = 0, epoch: str = "1", token: str = "r1", heartbeat_ms: int = 60_000
    ) -> None:
        told = {"visit": str(uuid4()), "slot": 0, "resume_token": token, "tick_hz": 20, "heartbeat_ms": heartbeat_ms}
        await self.tell("welcome", resumed=resumed, epoch=epoch, offset=offset, floor=FLOOR, **told)
        if not resumed:
            me = {"user": str(ME), "slot": 0, "profile_version": 1, "away": False, "muted": False, "publishing": False}
            await self.tell("snapshot", epoch=epoch, offset=offset, members=[{**me, "x": 1, "y": 0, "z": 2, "yaw": 0}])

    async def says(self, offset: int, text: str) -> None:
        at = "2026-02-06T21:00:00Z"
        await self.tell("chat", offset=offset, id=str(uuid4()), user=str(ME), text=text, at=at)

    async def hear(self) -> dict[str, Any]:
        command: dict[str, Any] = json.loads(await self.raw.recv())
        return command


@dataclass
class Theatre:
    """`scenes` are played one after the other, one on each socket that comes; the last one again and again."""

    scenes: list[Scene]
    urls: list[str] = field(default_factory=list)
    played: list[Socket] = field(default_factory=list)
    tickets: int = 0  # asked for at the front door
    renewals: int = 0  # of the access token
    refusals: list[httpx2.Response] = field(default_factory=list)  # to be given first to whoever asks for one
    heard: list[Event] = field(default_factory=list)

    async def socket(self, raw: ServerConnection) -> None:
        played = Socket(raw, json.loads(await raw.recv()))
        scene = self.scenes[min(len(self.played), len(self.scenes) - 1)]
        self.played.append(played)
        await scene(played)
        await raw.wait_closed()

    def door(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/auth/refresh":
            self.renewals += 1
            tokens = {"access_token": f"a{self.renewals}", "refresh_token": "r", "expires_in": 300, "scope": "full"}
            return httpx2.Response(200, json=tokens)
        assert request.url.path.endswith("/ticket")
        if self.refusals:
            return self.refusals.pop(0)
        self.tickets += 1
        return httpx2.Response(200, json={"ws_url": self.urls[-1], "ticket": f"t{self.tickets}"})


@asynccontextmanager
async def playing(*scenes: Scene, nodes: int = 1) -> AsyncIterator[tuple[Theatre, Visit]]:
    """A visit that has walked in with ticket `t0` at the first of some nodes."""
    theatre = Theatre(list(scenes))
    async with AsyncExitStack() as stack:
        for _ in range(nodes):
            serving = websockets.serve(theatre.socket, "127.0.0.1", 0, subprotocols=[Subprotocol("virtubar.v1")])
            server = await stack.enter_async_context(serving)
            theatre.urls.append(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        transport = httpx2.MockTransport(theatre.door)
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url="http://bar", transport=transport))
        client = Client("", http=http)
        client.account.use("an access token", ME, 3600)
        visit = Visit(client.account, uuid4(), on_event=theatre.heard.append)
        stack.callback(visit.close)
        await visit.open(theatre.urls[0], "t0")
        yield theatre, visit
