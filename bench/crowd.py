"""Signed-in guests who ask one service through the gateway, and what its API and the gateway spend on them."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx2
import psutil

from bench.wire import Wire
from deploy.native.native import Native
from tests.accounts import Mailbox, sign_in
from tests.stack import OpenBar

GOAL_MS = 2.0


@dataclass
class Measured:
    """Of one kind of request: how long each took, how long all took, and CPU seconds by process."""

    took: list[float] = field(default_factory=list)
    wall: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)

    def row(self, name: str) -> str:
        each = {process: 1000 * spent / len(self.took) for process, spent in self.cpu.items()}
        cuts = [1000 * cut for cut in statistics.quantiles(self.took, n=100)]
        spent = ", ".join(f"{process} {ms:.2f}" for process, ms in each.items())
        took = f"p50 {cuts[49]:5.1f} ms   p99 {cuts[98]:5.1f} ms"
        return f"{name:6} {self.per_second:6.0f}/s   {took}   CPU ms each: {spent}"

    @property
    def per_second(self) -> float:
        return len(self.took) / self.wall

    @property
    def cpu_ms(self) -> float:
        return 1000 * sum(self.cpu.values()) / len(self.took)


class Crowd:
    """`tokens` on kept-open connections to the gateway of a bar in split roles: the API's CPU is its own."""

    def __init__(self, bar: OpenBar, service: str, wires: Sequence[Wire], tokens: Sequence[str]) -> None:
        self._processes = {name: psutil.Process(bar.process(name)["pid"]) for name in (f"{service}-api", "gateway")}
        self._wires, self._tokens = wires, tokens

    async def all_do(self, into: Measured, request: Callable[[Wire, int, str], Awaitable[int]]) -> None:
        """Every guest once, as many at once as there are wires."""
        waiting = iter(enumerate(self._tokens))

        async def on(wire: Wire) -> None:
            for n, token in waiting:
                began = time.perf_counter()
                status = await request(wire, n, token)
                into.took.append(time.perf_counter() - began)
                assert status in (200, 201, 204), status

        before, began = self._cpu(), time.perf_counter()
        await asyncio.gather(*map(on, self._wires))
        into.wall += time.perf_counter() - began
        for name, spent in self._cpu().items():
            into.cpu[name] = into.cpu.get(name, 0.0) + spent - before[name]

    def _cpu(self) -> dict[str, float]:
        return {name: sum(process.cpu_times()[:2]) for name, process in self._processes.items()}


@dataclass(frozen=True)
class Guest:
    user_id: str
    token: str


async def signed_in(native: Native, count: int) -> list[Guest]:
    """New people, by e-mail."""
    mail = Mailbox(native.mailbox, 0)
    async with httpx2.AsyncClient(base_url=native.gateway_url, timeout=30) as client:
        guests = [await sign_in(client, mail, f"guest-{n}@bench.example") for n in range(count)]
    return [Guest(guest["user"]["id"], guest["access_token"]) for guest in guests]
