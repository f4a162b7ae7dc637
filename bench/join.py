"""`python -m bench.join`: what a join costs through the gateway, and how fast it is beside pgbench with its SQL.

A bar of its own in split roles, so that the API's CPU is the API's. Everybody signs in by e-mail first; then all join,
16 at a time, over 20 rooms, and leave again. The API has verified their tokens once before, as it has in mid-evening.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx2
import orjson
import psutil

from bench.join_sql import pgbench_of_a_join
from bench.wire import Wire, connected
from deploy.native.native import Native
from tests.accounts import Mailbox, sign_in
from tests.stack import OpenBar, PostgresServer, open_bar

GUESTS, ROOMS, AT_ONCE, ROUNDS, SECONDS = 240, 20, 16, 8, 10
GOAL_MS = 2.0
HOSTED = 5  # rooms one host may have open


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
        rate = len(self.took) / self.wall
        return f"{name:6} {rate:6.0f}/s   p50 {cuts[49]:5.1f} ms   p99 {cuts[98]:5.1f} ms   CPU ms each: {spent}"

    @property
    def cpu_ms(self) -> float:
        return 1000 * sum(self.cpu.values()) / len(self.took)


class Crowd:
    """Signed-in guests with kept-open connections to the gateway."""

    def __init__(self, bar: OpenBar, wires: Sequence[Wire], tokens: Sequence[str]) -> None:
        self._processes = {name: psutil.Process(bar.process(name)["pid"]) for name in ("rooms-api", "gateway")}
        self._wires, self._tokens = wires, tokens

    async def all_do(self, into: Measured, request: Callable[[Wire, int, str], Awaitable[int]]) -> None:
        """Every guest once, as many at once as there are wires."""
        waiting = iter(enumerate(self._tokens))

        async def on(wire: Wire) -> None:
            for n, token in waiting:
                began = time.perf_counter()
                status = await request(wire, n, token)
                into.took.append(time.perf_counter() - began)
                assert status in (200, 204), status

        before, began = self._cpu(), time.perf_counter()
        await asyncio.gather(*map(on, self._wires))
        into.wall += time.perf_counter() - began
        for name, spent in self._cpu().items():
            into.cpu[name] = into.cpu.get(name, 0.0) + spent - before[name]

    def _cpu(self) -> dict[str, float]:
        return {name: sum(process.cpu_times()[:2]) for name, process in self._processes.items()}


async def signed_in(native: Native) -> list[str]:
    mail = Mailbox(native.mailbox, 0)
    async with httpx2.AsyncClient(base_url=native.gateway_url, timeout=30) as client:
        guests = [await sign_in(client, mail, f"guest-{n}@bench.example") for n in range(GUESTS)]
    return [guest["access_token"] for guest in guests]


async def opened(wire: Wire, token: str) -> str:
    plan = {"name": "Bench", "theme": "lounge", "is_private": False, "capacity": 1000, "region": "eu"}
    status, body = await wire("POST", "/v1/rooms", token, plan)
    assert status == 201, body
    return str(orjson.loads(body)["id"])


async def measure(bar: OpenBar) -> None:
    native = Native.opened(bar.root)
    tokens = await signed_in(native)
    join, leave = Measured(), Measured()
    async with connected(native.gateway_url, AT_ONCE) as wires:
        rooms = [await opened(wires[0], tokens[n // HOSTED]) for n in range(ROOMS)]

        async def do_join(wire: Wire, n: int, token: str) -> int:
            return (await wire("POST", f"/v1/rooms/{rooms[n % ROOMS]}/join", token, {"device_type": "web"}))[0]

        async def do_leave(wire: Wire, n: int, token: str) -> int:
            return (await wire("POST", f"/v1/rooms/{rooms[n % ROOMS]}/leave", token))[0]

        crowd = Crowd(bar, wires, tokens)
        for warm_up in (True, *[False] * ROUNDS):
            await crowd.all_do(Measured() if warm_up else join, do_join)
            await crowd.all_do(Measured() if warm_up else leave, do_leave)
    print(join.row("join"))
    print(leave.row("leave"))
    databases = await PostgresServer(native.postgres).database("rooms")
    alone = await pgbench_of_a_join(databases, ROOMS, clients=AT_ONCE, seconds=SECONDS)
    ratio = len(join.took) / join.wall / alone.per_second
    print(f"pgbench, same SQL: {alone.per_second:.0f}/s, mean {alone.mean_ms:.1f} ms")
    print(f"API + Envoy: {join.cpu_ms:.2f} CPU ms per join (goal <= {GOAL_MS}); rate / pgbench: {ratio:.2f}")


def main() -> None:
    with open_bar(VIRTUBAR_SPLIT="1") as bar:
        asyncio.run(measure(bar))


if __name__ == "__main__":
    main()
