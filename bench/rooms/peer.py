"""Colyseus on the server's core: installed when first asked for, one process, its default WebSocket transport."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import psutil

from bench.rooms import sample, walk
from bench.rooms.cores import Meter, on_its_core
from bench.rooms.guest import ColyseusGuest, Guest
from bench.rooms.node import FOLDER, install, node
from bench.rooms.ours import free_port
from bench.rooms.sample import Frames
from bench.wire import Wire, connected
from services.rooms.realtime import frames
from services.rooms.realtime.floor import FLOORS


@dataclass
class Colyseus:
    """A running server."""

    url: str
    process: asyncio.subprocess.Process
    name: str = "Colyseus"

    @property
    def meter(self) -> Meter:
        return Meter([psutil.Process(self.process.pid)])

    async def memory(self) -> int:
        """Resident bytes, garbage collected."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(b"gc\n")
        return int(orjson.loads(await self.process.stdout.readline())["rss"])

    async def fill(self, rooms: int, people: int, sampled: int = 0) -> list[list[Guest]]:
        """That many new rooms, of that many people each; the first `sampled` of each keep what comes."""
        filled: list[list[Guest]] = []
        async with connected(self.url, 1) as (wire,):
            for _ in range(rooms):
                first, room = await self.arrive(wire, None, 0, sampled=sampled > 0)
                others = [(await self.arrive(wire, room, n, sampled=n < sampled))[0] for n in range(1, people)]
                filled.append([first, *others])
        return filled

    async def arrive(self, wire: Wire, room: str | None, n: int, *, sampled: bool = False) -> tuple[Guest, str]:
        """The n-th of a room, which is made where there is none, and its id."""
        way = "create/floor" if room is None else f"joinById/{room}"
        status, body = await wire("POST", f"/matchmake/{way}", "", {})
        assert status == 200, body
        seat: dict[str, Any] = orjson.loads(body)
        floor = FLOORS["lounge"]
        x, _, z, _ = frames.place(floor.entrance(n))
        guest = ColyseusGuest(seat["sessionId"], walk.circle(x, z, floor.x // 2, floor.z // 2))
        guest.sample = [] if sampled else None
        await guest.open(
            f"{self.url.replace('http', 'ws')}/{seat['processId']}/{seat['roomId']}?sessionId={seat['sessionId']}"
        )
        await guest.arrived
        return guest, seat["roomId"]

    async def read(self, viewers: Sequence[Guest]) -> list[Frames]:
        return await sample.colyseus(viewers)


@asynccontextmanager
async def colyseus(capacity: int = 50) -> AsyncIterator[Colyseus]:
    install()
    port, pipe = free_port(), asyncio.subprocess.PIPE
    argv = on_its_core([node(), "--expose-gc", "server.mjs", str(port), str(capacity)])
    running = await asyncio.create_subprocess_exec(
        *argv, cwd=FOLDER, stdin=pipe, stdout=pipe, env={"NODE_ENV": "production"}
    )
    assert running.stdout
    assert running.stdin
    try:
        await running.stdout.readline()
        yield Colyseus(f"http://127.0.0.1:{port}", running)
    finally:
        running.stdin.close()
        try:
            await asyncio.wait_for(running.wait(), 5)
        except TimeoutError:
            running.kill()
            await running.wait()
