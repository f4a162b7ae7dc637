"""`python -m bench.append`: the store's append beside pgbench with the same SQL, at the same concurrency, on real disk.

One command: look at the stream, decide, append one event, commit; 10,000 streams, so that nobody contends. Goal: the
store does at least 0.6 of what PostgreSQL does from C. `asyncpg` is the client library with that SQL and nothing around
it. The three take turns, and the ratios are the medians of the turns: other work on the machine hits them alike.
"""

import asyncio
import random
import statistics
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import uvloop

from bench import servers
from bench.figures import Run
from bench.pgbench import line, pgbench
from libs.chassis.postgres import connect
from libs.eventstore.keys import Cipher
from libs.eventstore.store import Store
from libs.eventstore.unit import APPEND, LOAD
from tests.libs.eventstore.house import House, house_of
from tests.libs.eventstore.seats import CATALOGUE, SEAT, Polish, SeatPolish, project, seat_of
from tests.stack import PostgresServer

STREAMS, ROUNDS, SECONDS = 10_000, 4, 2
GOAL = 0.6
FURNISH = """
create table sample (n int, stream_id text, subject uuid, state text, data text);
create unique index on sample (n);
grant select on sample to rooms;
"""


async def furnish(house: House) -> list[UUID]:
    """Streams of one event each, and a table for pgbench to take its arguments from."""
    users = [uuid4() for _ in range(STREAMS)]
    store = house.store()
    for start in range(0, STREAMS, 100):
        await asyncio.gather(
            *[store.execute(SEAT, seat_of(u), Polish(u), at=datetime.now(UTC)) for u in users[start : start + 100]]
        )
    state = SEAT.codec.dump_json(SEAT.fold([SeatPolish(user_id=users[0])])).decode()
    rows = [(n, seat_of(u), u, state, SeatPolish(user_id=u).model_dump_json()) for n, u in enumerate(users)]
    async with house.session(house.owner) as owner:
        await owner.execute(FURNISH)
        await owner.copy_records_to_table("sample", records=rows)
    async with house.session(house.admin) as admin:
        await admin.execute("vacuum analyze")
    return users


async def by_the_store(house: House, users: list[UUID], clients: int, run: Run) -> float:
    pool = await connect(house.runtime, "rooms", size=clients)
    store = Store(pool, cipher=Cipher(house.key_ring()), project=project, catalogue=CATALOGUE)
    try:
        return await clock(users, clients, partial(append, store), run)
    finally:
        await pool.close()


async def append(store: Store, user: UUID) -> None:
    await store.execute(SEAT, seat_of(user), Polish(user), at=datetime.now(UTC))


async def by_asyncpg(house: House, users: list[UUID], clients: int, run: Run) -> float:
    pool = await connect(house.runtime, "rooms", size=clients)

    async def one(user: UUID) -> None:
        async with pool.acquire() as db, db.transaction():
            row = await db.fetchrow(LOAD, seat_of(user))
            assert row is not None
            event = SeatPolish(user_id=user)
            await db.fetch(APPEND, seat_of(user), "seat", row["version"], row["state"], 1, datetime.now(UTC), [uuid4()],
                           ["seat_polish"], [1], [user], [event.model_dump_json()], "{}")  # fmt: skip

    try:
        return await clock(users, clients, one, run)
    finally:
        await pool.close()


async def clock(users: list[UUID], clients: int, one: Callable[[UUID], Awaitable[None]], run: Run) -> float:
    """Its rate in this turn."""
    ends, before, wall = asyncio.get_running_loop().time() + SECONDS, run.count, run.wall

    async def client(dice: random.Random) -> None:
        while asyncio.get_running_loop().time() < ends:
            with run.one():
                await one(dice.choice(users))

    with run.running():
        await asyncio.gather(*[client(random.Random()) for _ in range(clients)])
    return (run.count - before) / (run.wall - wall)


def script() -> str:
    stream, subject, state, data = (
        f"select {c} from sample where n = :n" for c in ("stream_id", "subject", "state", "data")
    )
    appended = (stream, "'seat'", ":version", state, "1", "now()", "array[gen_random_uuid()]", "array['seat_polish']",
                "array[1]::smallint[]", f"array[({subject})]", f"array[({data})]", "'{}'")  # fmt: skip
    return "\n".join(
        [
            f"\\set n random(0, {STREAMS - 1})",
            "begin;",
            line(LOAD, stream).rstrip(";") + " \\gset",
            line(APPEND, *appended),
            "commit;",
        ]
    )


async def by_pgbench(house: House, clients: int) -> float:
    url = f"{house.runtime}?options=-csearch_path%3Drooms"
    return (await asyncio.to_thread(pgbench, url, script(), clients=clients, seconds=SECONDS)).per_second


async def side_by_side(house: House, users: list[UUID], clients: int) -> None:
    loop, store = Run(), Run()
    turns = [
        (
            await by_pgbench(house, clients),
            await by_asyncpg(house, users, clients, loop),
            await by_the_store(house, users, clients, store),
        )
        for _ in range(ROUNDS)
    ]
    print(f"{clients} at once")
    print(f"  {'pgbench, same SQL':34} {statistics.median(turn[0] for turn in turns):9,.0f}/s")
    print("  " + loop.row("asyncpg, same SQL"))
    print("  " + store.row("store.execute"))
    to_pgbench = statistics.median(ours / best for best, _, ours in turns)
    to_asyncpg = statistics.median(ours / bare for _, bare, ours in turns)
    print(f"  store / pgbench {to_pgbench:.2f} (goal >= {GOAL}), store / asyncpg {to_asyncpg:.2f}")


async def measure(server: PostgresServer) -> None:
    async with house_of(server) as house:
        users = await furnish(house)
        for clients in (1, 8, 32):
            await side_by_side(house, users, clients)


def main() -> None:
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with servers.folder() as where, servers.postgres(where) as server, loop as runner:
        runner.run(measure(server))


if __name__ == "__main__":
    main()
