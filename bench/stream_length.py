"""`python -m bench.stream_length`: what loading a stream costs when it has 10, 1,000 and 100,000 events.

The stream row carries the folded state, so it costs one primary-key read. Goal: flat within 1.2. The fold from the
events, which a load falls back on after a change of the state's schema, stands beside it. All lengths take turns.
"""

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import uvloop

from bench import servers
from bench.figures import Run
from libs.chassis.postgres import connect
from libs.eventstore.keys import Cipher
from libs.eventstore.store import Store, Stream, Unit
from tests.libs.eventstore.house import House, house_of
from tests.libs.eventstore.seats import CATALOGUE, SEAT, Seat, SeatPolish, project, seat_of
from tests.stack import PostgresServer

LENGTHS, PAGE, ROUNDS, LOADS = (10, 1_000, 100_000), 1_000, 12, 300
GOAL = 1.2
FORGET = "update streams set state = null where stream_id = $1"


async def grown(store: Store, length: int) -> str:
    """A stream of that many events."""
    user = uuid4()

    async def page(count: int, unit: Unit) -> None:
        stream = await unit.load(SEAT, seat_of(user))
        await unit.append(SEAT, stream, [SeatPolish(user_id=user)] * count)

    for start in range(0, length, PAGE):
        await store.run(partial(page, min(PAGE, length - start)), at=datetime.now(UTC))
    return seat_of(user)


async def load(store: Store, stream_id: str) -> Stream[Seat]:
    return await store.run(lambda unit: unit.load(SEAT, stream_id), at=datetime.now(UTC))


async def clock(store: Store, stream_id: str, times: int) -> Run:
    run = Run()
    with run.running():
        for _ in range(times):
            with run.one():
                await load(store, stream_id)
    return run


def median(run: Run) -> float:
    return statistics.median(run.took)


async def measure(server: PostgresServer) -> None:
    async with house_of(server) as house, opened(house) as store:
        streams = {length: await grown(store, length) for length in LENGTHS}
        async with house.session(house.admin) as admin:
            await admin.execute("vacuum analyze")
        await clock(store, streams[LENGTHS[0]], LOADS)  # the first loads prepare statements
        turns = [{n: await clock(store, stream_id, LOADS) for n, stream_id in streams.items()} for _ in range(ROUNDS)]
        for length, stream_id in streams.items():
            runs = [turn[length] for turn in turns]
            whole = Run(
                sum(r.count for r in runs), sum(r.wall for r in runs), sum(r.cpu for r in runs),
                [took for r in runs for took in r.took],
            )  # fmt: skip
            print(whole.row(f"load, {length:,} events"))
            assert (await load(store, stream_id)).state.polished == length
        shortest = LENGTHS[0]
        ratios = {n: statistics.median(median(turn[n]) / median(turn[shortest]) for turn in turns) for n in LENGTHS}
        for length, stream_id in streams.items():
            await house.pool.execute(FORGET, stream_id)
            folded = await clock(store, stream_id, 5)
            print(f"folded from its {length:,} events: {1000 * median(folded):.1f} ms")
    print(
        "p50 beside the shortest: "
        + ", ".join(f"{n:,} events {r:.2f}" for n, r in ratios.items())
        + f" (goal <= {GOAL})"
    )


@asynccontextmanager
async def opened(house: House) -> AsyncIterator[Store]:
    pool = await connect(house.runtime, "rooms", size=2)
    try:
        yield Store(pool, cipher=Cipher(house.key_ring()), project=project, catalogue=CATALOGUE, limit=60)
    finally:
        await pool.close()


def main() -> None:
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with servers.folder() as where, servers.postgres(where) as server, loop as runner:
        runner.run(measure(server))


if __name__ == "__main__":
    main()
