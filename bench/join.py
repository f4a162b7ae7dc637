"""`python -m bench.join`: what a join costs through the gateway, and how fast it is beside pgbench with its SQL.

A bar of its own in split roles, so that the API's CPU is the API's. Everybody signs in by e-mail first; then all join,
16 at a time, over 20 rooms, and leave again. The API has verified their tokens once before, as it has in mid-evening.
"""

import asyncio

import orjson

from bench.crowd import GOAL_MS, Crowd, Measured, signed_in
from bench.join_sql import pgbench_of_a_join
from bench.wire import Wire, connected
from deploy.native.native import Native
from tests.stack import OpenBar, PostgresServer, open_bar

GUESTS, ROOMS, AT_ONCE, ROUNDS, SECONDS = 240, 20, 16, 8, 10
HOSTED = 5  # rooms one host may have open


async def opened(wire: Wire, token: str) -> str:
    plan = {"name": "Bench", "theme": "lounge", "is_private": False, "capacity": 1000, "region": "eu"}
    status, body = await wire("POST", "/v1/rooms", token, plan)
    assert status == 201, body
    return str(orjson.loads(body)["id"])


async def measure(bar: OpenBar) -> None:
    native = Native.opened(bar.root)
    tokens = [guest.token for guest in await signed_in(native, GUESTS)]
    join, leave = Measured(), Measured()
    async with connected(native.gateway_url, AT_ONCE) as wires:
        rooms = [await opened(wires[0], tokens[n // HOSTED]) for n in range(ROOMS)]

        async def do_join(wire: Wire, n: int, token: str) -> int:
            return (await wire("POST", f"/v1/rooms/{rooms[n % ROOMS]}/join", token, {"device_type": "web"}))[0]

        async def do_leave(wire: Wire, n: int, token: str) -> int:
            return (await wire("POST", f"/v1/rooms/{rooms[n % ROOMS]}/leave", token))[0]

        crowd = Crowd(bar, "rooms", wires, tokens)
        for warm_up in (True, *[False] * ROUNDS):
            await crowd.all_do(Measured() if warm_up else join, do_join)
            await crowd.all_do(Measured() if warm_up else leave, do_leave)
    print(join.row("join"))
    print(leave.row("leave"))
    databases = await PostgresServer(native.postgres).database("rooms")
    alone = await pgbench_of_a_join(databases, ROOMS, clients=AT_ONCE, seconds=SECONDS)
    ratio = join.per_second / alone.per_second
    print(f"pgbench, same SQL: {alone.per_second:.0f}/s, mean {alone.mean_ms:.1f} ms")
    print(f"API + Envoy: {join.cpu_ms:.2f} CPU ms per join (goal <= {GOAL_MS}); rate / pgbench: {ratio:.2f}")


def main() -> None:
    with open_bar(VIRTUBAR_SPLIT="1") as bar:
        asyncio.run(measure(bar))


if __name__ == "__main__":
    main()
