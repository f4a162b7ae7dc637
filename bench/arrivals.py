"""`python -m bench.arrivals [--short]`: a seat, a fresh socket, in, and out again; beside Colyseus.

Ours is HTTP to the API, `hello` to the node, `leave`, each of the three committed before it is answered; Colyseus' is a
reservation by HTTP, the socket, `leave`, all in memory. CPU is that of the API and the node together.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle
from uuid import uuid4

import orjson

from bench.rooms.command import run
from bench.rooms.cores import Meter
from bench.rooms.guest import OurGuest
from bench.rooms.ours import Ours, Stores, ours
from bench.rooms.peer import Colyseus, colyseus
from bench.wire import Wire, connected

PEOPLE, ROOMS, AT_ONCE, PAIRS, GOAL = 400, 20, 16, 4000, 2.4
Pair = Callable[[Wire, int], Awaitable[None]]
"""Somebody comes and goes; the number says which room, and who."""


async def measured(name: str, meter: Meter, url: str, pair: Pair, pairs: int) -> float:
    """CPU milliseconds of one pair."""
    took: list[float] = []

    async def visitor(wire: Wire, turns: Iterator[int]) -> None:
        for n in turns:
            began = time.perf_counter()
            await pair(wire, n)
            took.append(time.perf_counter() - began)

    async with connected(url, AT_ONCE) as wires:
        warm = iter(range(max(pairs // 8, AT_ONCE)))
        await asyncio.gather(*(visitor(wire, warm) for wire in wires))
        took.clear()
        turns, began, before = iter(range(pairs)), time.perf_counter(), meter.read()
        await asyncio.gather(*(visitor(wire, turns) for wire in wires))
        wall, spent = time.perf_counter() - began, meter.read() - before
    each, cuts = 1000 * spent.server / pairs, statistics.quantiles(took, n=100)
    print(
        f"{name:10} {each:5.2f} CPU ms a pair   {pairs / wall:5.0f} pairs/s   p50 {1000 * cuts[49]:6.1f} ms"
        f"   p99 {1000 * cuts[98]:6.1f} ms   stores {1000 * spent.stores / pairs:5.2f} ms"
        f"   generator {1000 * spent.generator / pairs:5.2f} ms",
        flush=True,
    )
    return each


async def with_ours(bar: Ours, pairs: int) -> float:
    rooms = [await bar.open_room(100) for _ in range(ROOMS)]
    residents = [await bar.arrive(room) for room in rooms]
    people = [uuid4() for _ in range(PEOPLE)]
    tokens = [bar.issuer.headers(user)["authorization"].removeprefix("Bearer ") for user in people]
    free = cycle(range(PEOPLE))  # nobody is in two places: a pair is over long before its turn comes again

    async def pair(wire: Wire, n: int) -> None:
        who = next(free)
        status, body = await wire("POST", f"/v1/rooms/{rooms[n % ROOMS]}/join", tokens[who], {"device_type": "web"})
        assert status == 200, body
        seat = orjson.loads(body)
        guest = OurGuest(ticket=seat["ticket"])
        await guest.open(seat["ws_url"], OurGuest.HEADERS)
        await guest.arrived
        guest.leave()
        await guest.over

    each = await measured(bar.name, bar.meter, bar.api_url, pair, pairs)
    for guest in residents:
        guest.cut()
    return each


async def with_colyseus(peer: Colyseus, pairs: int) -> float:
    async with connected(peer.url, 1) as (wire,):
        residents = [await peer.arrive(wire, None, 0) for _ in range(ROOMS)]

    async def pair(wire: Wire, n: int) -> None:
        guest, _ = await peer.arrive(wire, residents[n % ROOMS][1], n % 50)
        guest.leave()
        await guest.over

    each = await measured(peer.name, peer.meter, peer.url, pair, pairs)
    for guest, _ in residents:
        guest.cut()
    return each


async def measure(where: Stores, short: bool) -> None:
    pairs = 300 if short else PAIRS
    async with colyseus(100) as theirs:
        peer = await with_colyseus(theirs, pairs)
    async with ours(where, api=True) as mine:
        own = await with_ours(mine, pairs)
    print(f"ours / Colyseus: {own / peer:.2f} (goal: <= {GOAL} CPU ms)")


if __name__ == "__main__":
    run(measure)
