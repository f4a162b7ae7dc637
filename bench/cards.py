"""`python -m bench.cards`: what a roomful of profile cards costs through the gateway, beside pgbench with its SQL.

A bar of its own in split roles, so that the API's CPU is the API's. Everybody asks for the cards of a table (20) and of
a full page (100), always others.
"""

import asyncio
import random
from collections.abc import Sequence

from bench.crowd import GOAL_MS, Crowd, Guest, Measured, signed_in
from bench.pgbench import Rate, line, pgbench
from bench.wire import Wire, connected
from deploy.native.native import Native
from services.social.queries.profiles import CARDS
from tests.stack import OpenBar, open_bar

GUESTS, AT_ONCE, ROUNDS, SECONDS = 200, 16, 10, 10
PAGES = (20, 100)


async def measure(bar: OpenBar) -> None:
    native = Native.opened(bar.root)
    guests = await signed_in(native, GUESTS)
    async with connected(native.gateway_url, AT_ONCE) as wires:
        crowd = Crowd(bar, "social", wires, [guest.token for guest in guests])

        async def arrive(wire: Wire, _: int, token: str) -> int:
            return (await wire("GET", "/v1/profiles/me", token))[0]

        await crowd.all_do(Measured(), arrive)  # everybody has a profile
        for page in PAGES:
            cards, dice = Measured(), random.Random(page)

            async def look(wire: Wire, _: int, token: str, page: int = page, dice: random.Random = dice) -> int:
                return (await wire("GET", f"/v1/profiles?ids={','.join(some(guests, page, dice))}", token))[0]

            for warm_up in (True, *[False] * ROUNDS):
                await crowd.all_do(Measured() if warm_up else cards, look)
            print(cards.row(f"{page}"))
            alone = await asyncio.to_thread(same_sql, native, guests, page)
            print(f"pgbench, same SQL: {alone.per_second:.0f}/s, mean {alone.mean_ms:.1f} ms")
            ratio = cards.per_second / alone.per_second
            told = f"{cards.cpu_ms:.2f} CPU ms per {page} cards (goal <= {GOAL_MS})"
            print(f"API + Envoy: {told}; rate / pgbench: {ratio:.2f}")


def some(guests: Sequence[Guest], count: int, dice: random.Random) -> list[str]:
    return [guest.user_id for guest in dice.sample(guests, count)]


def same_sql(native: Native, guests: Sequence[Guest], page: int) -> Rate:
    ids = "{" + ",".join(some(guests, page, random.Random(page))) + "}"
    asked = line(CARDS, f"'{guests[0].user_id}'::uuid", f"'{ids}'::uuid[]")
    return pgbench(
        f"{native.database_url('social')}?options=-csearch_path%3Dsocial", asked, clients=AT_ONCE, seconds=SECONDS
    )


def main() -> None:
    with open_bar(VIRTUBAR_SPLIT="1") as bar:
        asyncio.run(measure(bar))


if __name__ == "__main__":
    main()
