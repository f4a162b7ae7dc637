"""`python -m bench.append`: the store's append beside pgbench with the same SQL, at the same concurrency, on real disk.

One command: look at the stream, decide, append one event, commit; 10,000 streams, so that nobody contends. pgbench has
two threads, the store two processes, as a service has. Goal: the store does >= 0.6 of what PostgreSQL does from C.
`asyncpg` is the client library with that SQL and nothing around it. The three take turns; the ratios are the medians of
the turns, because other work on the machine hits all three.
"""

import asyncio
import multiprocessing
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import uvloop

from bench import servers
from bench.figures import Run
from bench.pgbench import line, pgbench
from libs.chassis.postgres import connect
from libs.eventstore.db import Pool
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.store import Store
from libs.eventstore.unit import APPEND, LOAD
from tests.libs.eventstore.house import House, house_of
from tests.libs.eventstore.seats import CATALOGUE, SEAT, Polish, SeatPolish, project, seat_of
from tests.stack import PostgresServer

STREAMS, ROUNDS, SECONDS, PROCESSES = 10_000, 4, 2, 2
GETTING_READY = 2  # seconds to connect in
GOAL = 0.6
FURNISH = """
create table sample (n int, stream_id text, subject uuid, state text, data text);
create unique index on sample (n);
grant select on sample to rooms;
"""
USERS = "select subject from sample"

One = Callable[[UUID], Awaitable[None]]


async def furnish(house: House) -> None:
    """Streams of one event each, and a table for everybody to take arguments from."""
    users = [uuid4() for _ in range(STREAMS)]
    store = house.store()
    for start in range(0, STREAMS, 100):
        await asyncio.gather(*[append(store, user) for user in users[start : start + 100]])
    state = SEAT.codec.dump_json(SEAT.fold([SeatPolish(user_id=users[0])])).decode()
    rows = [(n, seat_of(u), u, state, SeatPolish(user_id=u).model_dump_json()) for n, u in enumerate(users)]
    async with house.session(house.owner) as owner:
        await owner.execute(FURNISH)
        await owner.copy_records_to_table("sample", records=rows)
    async with house.session(house.admin) as admin:
        await admin.execute("vacuum analyze")


async def append(store: Store, user: UUID) -> None:
    await store.execute(SEAT, seat_of(user), Polish(user), at=datetime.now(UTC))


async def bare(pool: Pool, user: UUID) -> None:
    async with pool.acquire() as db, db.transaction():
        row = await db.fetchrow(LOAD, seat_of(user))
        assert row is not None
        data = SeatPolish(user_id=user).model_dump_json()
        await db.fetch(APPEND, seat_of(user), "seat", row["version"], row["state"], 1, datetime.now(UTC), [uuid4()],
                       ["seat_polish"], [1], [user], [data], "{}")  # fmt: skip


@asynccontextmanager
async def writer(kind: str, url: str, keys_url: str, clients: int) -> AsyncIterator[tuple[Pool, One]]:
    async with await connect(url, "rooms", size=clients) as pool, await connect(keys_url, "rooms", size=1) as keys:
        store = Store(pool, cipher=Cipher(KeyRing(keys)), project=project, catalogue=CATALOGUE)
        yield pool, partial(bare, pool) if kind == "asyncpg" else partial(append, store)


async def clock(kind: str, url: str, keys_url: str, clients: int, begin: float) -> Run:
    """One process's part of a turn, which begins at that time of the clock."""
    run = Run()
    async with writer(kind, url, keys_url, clients) as (pool, one):
        users = [row["subject"] for row in await pool.fetch(USERS)]
        await asyncio.sleep(begin - time.time())
        ends = time.perf_counter() + SECONDS

        async def client(dice: random.Random) -> None:
            while time.perf_counter() < ends:
                with run.one():
                    await one(dice.choice(users))

        with run.running():
            await asyncio.gather(*[client(random.Random()) for _ in range(clients)])
    return run


def in_process(kind: str, url: str, keys_url: str, clients: int, begin: float) -> Run:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(clock(kind, url, keys_url, clients, begin))


async def turn(kind: str, house: House, clients: int, processes: Executor, whole: Run) -> float:
    """Its rate, all processes together."""
    loop, count = asyncio.get_running_loop(), min(clients, PROCESSES)
    part = partial(in_process, kind, house.runtime, house.keys, clients // count, time.time() + GETTING_READY)
    runs = await asyncio.gather(*[loop.run_in_executor(processes, part) for _ in range(count)])
    for run in runs:
        whole.count, whole.cpu, whole.took = whole.count + run.count, whole.cpu + run.cpu, whole.took + run.took
    longest = max(run.wall for run in runs)
    whole.wall += longest
    return sum(run.count for run in runs) / longest


def script() -> str:
    stream, subject, state, data = (
        f"select {column} from sample where n = :n" for column in ("stream_id", "subject", "state", "data")
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


async def side_by_side(house: House, clients: int, processes: Executor) -> None:
    asyncpg, store, turns = Run(), Run(), []
    for _ in range(ROUNDS):
        best = await by_pgbench(house, clients)
        library = await turn("asyncpg", house, clients, processes, asyncpg)
        turns.append((best, library, await turn("store", house, clients, processes, store)))
    print(f"{clients} at once")
    print(f"  {'pgbench, same SQL':34} {statistics.median(best for best, *_ in turns):9,.0f}/s")
    print("  " + asyncpg.row("asyncpg, same SQL"))
    print("  " + store.row("store.execute"))
    to_pgbench = statistics.median(ours / best for best, _, ours in turns)
    to_asyncpg = statistics.median(ours / library for _, library, ours in turns)
    print(f"  store / pgbench {to_pgbench:.2f} (goal >= {GOAL}), store / asyncpg {to_asyncpg:.2f}")


async def measure(server: PostgresServer) -> None:
    spawn = multiprocessing.get_context("spawn")
    async with house_of(server) as house:
        await furnish(house)
        with ProcessPoolExecutor(PROCESSES, spawn) as processes:
            await turn("store", house, PROCESSES, processes, Run())  # the processes have imported everything after it
            for clients in (1, 8, 32):
                await side_by_side(house, clients, processes)


def main() -> None:
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with servers.folder() as where, servers.postgres(where) as server, loop as runner:
        runner.run(measure(server))


if __name__ == "__main__":
    main()
