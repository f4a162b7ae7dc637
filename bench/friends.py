"""`python -m bench.friends`: what a page of one's friends costs through the gateway, beside pgbench with its SQL.

A bar of its own in split roles, so that the API's CPU is the API's. Everybody has the others for friends, who are put
there in bulk: what is measured is reading.
"""

import asyncio
from collections.abc import Sequence

import asyncpg

from bench.crowd import GOAL_MS, Crowd, Guest, Measured, signed_in
from bench.pgbench import Rate, line, pgbench
from bench.wire import Wire, connected
from deploy.native.native import Native
from services.social.queries.pairs import FRIENDS
from tests.stack import OpenBar, open_bar

GUESTS, AT_ONCE, ROUNDS, SECONDS, PAGE = 200, 16, 10, 10, 20
BEFRIEND = """
insert into friendships
select one, other, 'accepted', now() - random() * interval '1 year'
from unnest($1::uuid[]) one cross join unnest($1::uuid[]) other where one <> other
"""


async def befriended(native: Native, guests: Sequence[Guest]) -> None:
    db = await asyncpg.connect(native.postgres.admin_url, server_settings={"search_path": "social"})
    try:
        await db.execute(BEFRIEND, [guest.user_id for guest in guests])
        await db.execute("analyze friendships")
    finally:
        await db.close()


async def measure(bar: OpenBar) -> None:
    native = Native.opened(bar.root)
    guests = await signed_in(native, GUESTS)
    await befriended(native, guests)
    friends = Measured()
    async with connected(native.gateway_url, AT_ONCE) as wires:

        async def look(wire: Wire, n: int, token: str) -> int:
            return (await wire("GET", f"/v1/friends?status=accepted&limit={PAGE}", token))[0]

        crowd = Crowd(bar, "social", wires, [guest.token for guest in guests])
        for warm_up in (True, *[False] * ROUNDS):
            await crowd.all_do(Measured() if warm_up else friends, look)
    print(friends.row("list"))
    alone = await asyncio.to_thread(same_sql, native, guests[0])
    print(f"pgbench, same SQL: {alone.per_second:.0f}/s, mean {alone.mean_ms:.1f} ms")
    ratio = friends.per_second / alone.per_second
    print(f"API + Envoy: {friends.cpu_ms:.2f} CPU ms per list (goal <= {GOAL_MS}); rate / pgbench: {ratio:.2f}")


def same_sql(native: Native, guest: Guest) -> Rate:
    asked = line(FRIENDS["accepted"], f"'{guest.user_id}'::uuid", "null", "null", str(PAGE + 1))
    url = f"{native.database_url('social')}?options=-csearch_path%3Dsocial"
    return pgbench(url, asked, clients=AT_ONCE, seconds=SECONDS)


def main() -> None:
    with open_bar(VIRTUBAR_SPLIT="1") as bar:
        asyncio.run(measure(bar))


if __name__ == "__main__":
    main()
