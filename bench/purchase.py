"""`python -m bench.purchase`: what buying a drink costs through the gateway, beside pgbench with its SQL.

A bar of its own in split roles, so that the API's CPU is the API's. Everybody buys with an Idempotency-Key, 16 at a
time, as often as the welcome credit lasts.
"""

import asyncio

from bench.crowd import GOAL_MS, Crowd, Measured, signed_in
from bench.purchase_sql import pgbench_of_a_purchase
from bench.wire import Wire, connected
from deploy.native.native import Native
from services.inventory.deciders.item import item_id_of
from tests.stack import OpenBar, PostgresServer, open_bar

GUESTS, AT_ONCE, ROUNDS, SECONDS = 240, 16, 8, 10
DRINK, PRICE = item_id_of("drink-espresso"), 150


async def measure(bar: OpenBar) -> None:
    native = Native.opened(bar.root)
    guests = await signed_in(native, GUESTS)
    bought = Measured()
    async with connected(native.gateway_url, AT_ONCE) as wires:
        crowd = Crowd(bar, "inventory", wires, [guest.token for guest in guests])
        for turn in range(ROUNDS + 1):

            async def buy(wire: Wire, n: int, token: str, turn: int = turn) -> int:
                body = {"expected_price_cents": PRICE}
                return (await wire("POST", f"/v1/items/{DRINK}/purchases", token, body, key=f"{turn}-{n}"))[0]

            await crowd.all_do(bought if turn else Measured(), buy)
    print(bought.row("buy"))
    databases = await PostgresServer(native.postgres).database("inventory")
    alone = await pgbench_of_a_purchase(databases, clients=AT_ONCE, seconds=SECONDS)
    print(f"pgbench, same SQL: {alone.per_second:.0f}/s, mean {alone.mean_ms:.1f} ms")
    ratio = bought.per_second / alone.per_second
    print(f"API + Envoy: {bought.cpu_ms:.2f} CPU ms per purchase (goal <= {GOAL_MS}); rate / pgbench: {ratio:.2f}")


def main() -> None:
    with open_bar(VIRTUBAR_SPLIT="1") as bar:
        asyncio.run(measure(bar))


if __name__ == "__main__":
    main()
