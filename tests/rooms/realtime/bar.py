"""A small bar on real stores: the API and realtime nodes in this process or in others, and guests who walk in."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2
import websockets
from redis.asyncio import Redis

from clients.python import Client, Visit
from clients.python.events import Event
from libs.chassis.process import Parts
from services.rooms.__main__ import compose
from services.rooms.realtime.settings import NodeSettings
from tests.rooms.api import Issuer, listening, told
from tests.rooms.house import House
from tests.waiting import until

QUICK: dict[str, Any] = {
    "heartbeat_seconds": 0.2,
    "away_seconds": 1.0,
    "silence_seconds": 4.0,
    "beat_seconds": 0.5,
    "hello_seconds": 1.0,
    "drain_seconds": 1.0,
    "farewell_seconds": 0.3,
    "lease_grace_seconds": 0.5,
    "watch_seconds": 0.05,
    "sweep_seconds": 0.2,
    "presence_refresh_seconds": 0.3,
    "transforms_refresh_seconds": 0.1,
    "catch_up_seconds": 0.01,
    "limit_address_sockets": 2000,
    "limit_address_half_open": 500,
}


@dataclass
class Bar:
    """One test's bar. `house` is rooms' own door on the same database, for what only a test may ask."""

    house: House
    issuer: Issuer
    redis: "Redis"
    settings: dict[str, Any]
    closing: AsyncExitStack
    http: httpx2.AsyncClient
    heard: dict[UUID, list[Event]] = field(default_factory=dict)  # by user: every event of their visits

    async def node(self, name: str = "node-1", **settings: Any) -> "Running":
        """A node in this process, with a lease."""
        running = Running(NodeSettings(**{**self.settings, "node_id": name, **settings}), "realtime")
        await self.closing.enter_async_context(running.open())
        await until(lambda: running.check() and self.has_lease(name), what=f"the lease of {name}")
        return running

    async def has_lease(self, name: str) -> bool:
        asked = "select exists (select from nodes where node_id = $1 and lease_until > clock_timestamp())"
        return bool(await self.house.pool.fetchval(asked, name))

    def client(self, user: UUID | None = None, session: UUID | None = None) -> Client:
        user = user or uuid4()
        signed = self.issuer.headers(user, **({"sid": str(session)} if session else {}))["authorization"]
        client = Client("", http=self.http)
        client.account.use(signed.removeprefix("Bearer "), user)
        return client

    async def join(self, room: UUID, user: UUID | None = None, session: UUID | None = None, **options: Any) -> Visit:
        """Somebody walks in by the front door; what they hear is kept in `heard`."""
        client = self.client(user, session)
        assert client.account.user_id
        kept = self.heard.setdefault(client.account.user_id, [])
        visit = await client.join(room, on_event=kept.append, **options)
        self.closing.callback(visit.close)
        return visit

    def events(self, visit: Visit, *kinds: type) -> list[Any]:
        return [event for event in self.heard[self.user(visit)] if isinstance(event, kinds)]

    def user(self, visit: Visit) -> UUID:
        assert visit._account.user_id
        return visit._account.user_id

    async def ticket(self, room: UUID, user: UUID | None = None) -> dict[str, Any]:
        """A join answer, with nobody at the socket yet."""
        headers = self.issuer.headers(user or uuid4())
        answer = await self.http.post(f"/v1/rooms/{room}/join", json={"device_type": "web"}, headers=headers)
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body


class Running:
    """Some roles of rooms in this process."""

    def __init__(self, settings: NodeSettings, *roles: str) -> None:
        self.settings, self.roles = settings, roles
        self.stop = asyncio.Event()
        self.url = ""
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Running"]:
        async with compose(self.settings, self.roles) as parts, AsyncExitStack() as stack:
            if "api" in self.roles:
                assert parts.app
                self.url = await stack.enter_async_context(listening(parts.app({})))
            self._tasks = [asyncio.create_task(self._run(parts, role)) for role in self.roles]
            try:
                yield self
            finally:
                await self.end()

    async def _run(self, parts: Parts, role: str) -> None:
        found = parts.roles[role]
        for work in found if not callable(found) else [found]:
            await work(self.stop)

    def check(self) -> bool:
        """True while every role runs. Raises what a role died of."""
        for task in self._tasks:
            if task.done():
                task.result()
        return True

    async def end(self) -> None:
        """Gracefully, as SIGTERM does it."""
        self.stop.set()
        await asyncio.gather(*self._tasks)

    def forget(self) -> None:
        """It has died of what the test gave it."""
        self._tasks = []


class Raw:
    """A WebSocket of another make, that sends what it is told and reads when it is asked."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket

    async def hello(self, ticket: str) -> dict[str, Any]:
        """Raises websockets.ConnectionClosed where there is no welcome."""
        await self.send(t="hello", ticket=ticket)
        return await self.told("welcome")

    async def send(self, **command: Any) -> None:
        await self.socket.send(json.dumps(command))

    async def told(self, kind: str, within: float = 20) -> dict[str, Any]:
        """The next JSON frame of that kind."""
        async with asyncio.timeout(within):
            while True:
                frame = await self.socket.recv()
                if isinstance(frame, str) and (message := json.loads(frame))["t"] == kind:
                    return dict(message)

    async def code(self, within: float = 20) -> int:
        """The close code, once the node has closed."""
        async with asyncio.timeout(within):
            with suppress(websockets.ConnectionClosed):
                while True:
                    await self.socket.recv()
        return self.socket.close_code or 1006


@asynccontextmanager
async def raw(url: str, **options: Any) -> AsyncIterator[Raw]:
    usual: dict[str, Any] = {"subprotocols": ["virtubar.v1"], "ping_interval": None, "close_timeout": 1}
    async with websockets.connect(url, **usual | options) as socket:
        yield Raw(socket)


@asynccontextmanager
async def opening(
    house: House, issuer: Issuer, redis: "Redis", redis_url: str, kafka_url: str, *roles: str, **settings: Any
) -> AsyncIterator[Bar]:
    """The API and what else is named, but no node yet."""
    common = told(house.urls, issuer, redis_url=redis_url, **{**QUICK, "kafka_url": kafka_url, **settings})
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(Running(NodeSettings(**common), "api", *roles).open())
        http = await stack.enter_async_context(httpx2.AsyncClient(base_url=api.url, timeout=30))
        yield Bar(house, issuer, redis, common, stack, http)


def now() -> datetime:
    return datetime.now(UTC)
