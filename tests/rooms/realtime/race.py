"""A crowd that races for seats as clients do: a seat by HTTP, a socket, a hello, a leave; others kill processes."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx2

from clients.python.problems import Unreachable
from clients.python.wire import Wire
from tests.api import Issuer, Process

PATIENCE = 3.0  # seconds for a welcome


@dataclass
class Told:
    """What guests were answered."""

    seats: int = 0  # by HTTP
    full: int = 0
    welcomes: int = 0
    goodbyes: int = 0
    trouble: int = 0  # somebody was killed, or the seat was gone

    @property
    def rounds(self) -> int:
        return self.seats + self.full


@dataclass
class SocketCrowd:
    """`people` come again and again to `rooms`, by any of `doors`; each third does not say goodbye."""

    doors: list[Process]
    issuer: Issuer
    people: list[UUID]
    rooms: list[UUID]
    dice: random.Random = field(default_factory=lambda: random.Random(11))
    told: Told = field(default_factory=Told)

    async def throng(self, enough: Callable[[Told], Awaitable[bool]], *, hands: int = 24) -> None:
        """Until `enough`; each hand has people of its own, so that nobody is in two places by their own will."""
        done = asyncio.Event()
        limits = httpx2.Limits(max_connections=hands * 2)
        async with httpx2.AsyncClient(timeout=10, limits=limits) as http:

            async def hand(mine: list[UUID]) -> None:
                while not done.is_set():
                    await self._visit(http, self.dice.choice(mine))

            async with asyncio.TaskGroup() as group:
                for n in range(hands):
                    group.create_task(hand(self.people[n::hands]))
                while not await enough(self.told):
                    await asyncio.sleep(0.2)
                done.set()

    async def _visit(self, http: httpx2.AsyncClient, user: UUID) -> None:
        room, door = self.dice.choice(self.rooms), self.dice.choice(self.doors)
        headers = self.issuer.headers(user)
        try:
            answer = await http.post(f"{door.url}/v1/rooms/{room}/join", json={"device_type": "web"}, headers=headers)
        except httpx2.HTTPError:
            self.told.trouble += 1
            await asyncio.sleep(0.1)  # it is being started again
            return
        self.told.full += answer.status_code == 409
        if answer.status_code != 200:
            return
        self.told.seats += 1
        await self._socket(answer.json())
        if self.dice.random() < 0.2:
            with suppress(httpx2.HTTPError):
                await http.post(f"{door.url}/v1/rooms/{room}/leave", headers=headers)

    async def _socket(self, seat: dict[str, Any]) -> None:
        heard: asyncio.Queue[str] = asyncio.Queue()

        def told(frame: bytes) -> None:
            heard.put_nowait(json.loads(frame)["t"])

        try:
            wire = await Wire.open(seat["ws_url"], told, lambda _: None, lambda _: heard.put_nowait("closed"), within=3)
        except Unreachable:
            self.told.trouble += 1
            return
        try:
            wire.send(json.dumps({"t": "hello", "ticket": seat["ticket"]}))
            if not await _next(heard, "welcome"):
                self.told.trouble += 1
                return
            self.told.welcomes += 1
            if self.dice.random() < 0.67:
                wire.send(json.dumps({"t": "leave", "cid": uuid4().hex}))
                self.told.goodbyes += await _next(heard, "ack")
        finally:
            wire.abort()


async def _next(heard: asyncio.Queue[str], kind: str) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while (frame := await heard.get()) != "closed":
                if frame == kind:
                    return True
    return False
