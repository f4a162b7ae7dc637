"""Seats raced for as clients do it, over two API processes and two nodes that are killed again and again.

No position of the log is over a capacity, nobody has two seats, and once the crowd has gone no seat is left behind. The
control is the same crowd at an API that writes into the log before it counts.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from tests.api import Process
from tests.conftest import Database
from tests.faults.load import LONG
from tests.rooms.api import elsewhere, issuing, told
from tests.rooms.checker import checked
from tests.rooms.house import House, house_at
from tests.rooms.realtime.bar import QUICK, Bar, now
from tests.rooms.realtime.processes import node_process
from tests.rooms.realtime.race import SocketCrowd, Told
from tests.waiting import until

ROUNDS = 10_000 if LONG else 120  # seats asked for
KILLS = 30 if LONG else 2
LIFETIME = (3.0, 9.0) if LONG else (2.0, 4.0)  # seconds between two kills
CAPACITIES = (2, 3, 5)
PEOPLE = 96
SOON: dict[str, Any] = {
    **QUICK,
    "hold_seconds": 3,
    "waitlist_seconds": 0.05,
    "node_lease_seconds": 1.0,
    "renew_seconds": 0.25,
}
SEATS = "select count(*) from seats"
pytestmark = pytest.mark.timeout(3600 if LONG else 240)


class Killing:
    """Kills one of them after another, the nodes and the API processes, and starts each again."""

    def __init__(self, bar: Bar, doors: list[Process]) -> None:
        self.kills = 0
        self.stop = asyncio.Event()
        self._bar, self._doors = bar, doors
        self._dice = random.Random(5)

    async def nodes(self, name: str) -> None:
        while not self.stop.is_set():
            async with node_process(self._bar, name, region="eu"):
                await self._for_a_while()
                self.kills += not self.stop.is_set()

    async def api(self) -> None:
        while not self.stop.is_set():
            await self._for_a_while()
            if self.stop.is_set():
                return
            door = self._dice.choice(self._doors)
            await door.kill()
            self.kills += 1
            await door.start()
            await door.answers()

    async def _for_a_while(self) -> None:
        try:
            async with asyncio.timeout(self._dice.uniform(*LIFETIME)):
                await self.stop.wait()
        except TimeoutError:
            return


@asynccontextmanager
async def open_house(
    database: Database, redis_server: RedisServer, module: str = ""
) -> AsyncIterator[tuple[Bar, list[Process], SocketCrowd]]:
    urls = await database("rooms")
    soon = {name: SOON[name] for name in ("silence_seconds", "beat_seconds", "hold_seconds")}
    async with house_at(urls, **soon) as house, issuing() as issuer:
        more = {**SOON, "redis_url": redis_server.url("rooms")}
        async with (
            elsewhere(urls, issuer, 2, module=module, **more) as doors,
            Redis.from_url(redis_server.url(), decode_responses=True) as redis,
        ):
            bar = Bar(house, issuer, redis, told(urls, issuer, **more), None, None)  # type: ignore[arg-type]
            rooms = [await house.room(capacity) for capacity in CAPACITIES]
            yield bar, doors, SocketCrowd(doors, issuer, [uuid4() for _ in range(PEOPLE)], rooms)


async def sweep(house: House) -> None:
    sweeper = house.sweeper()
    while True:
        house.now = now()
        await sweeper.sweep()
        await asyncio.sleep(0.2)


async def test_racing_for_seats_by_socket_while_nodes_and_apis_are_killed(
    database: Database, redis_server: RedisServer
) -> None:
    async with open_house(database, redis_server) as (bar, doors, crowd):
        bar.house.now = now()
        killing, pool = Killing(bar, doors), bar.house.pool
        sweeping = asyncio.create_task(sweep(bar.house))
        async with asyncio.TaskGroup() as group:
            for name in ("one", "two"):
                group.create_task(killing.nodes(name))
            group.create_task(killing.api())
            await until(lambda: bar.has_lease("one"), within=60)

            async def enough(so_far: Told) -> bool:
                return so_far.rounds >= ROUNDS and killing.kills >= KILLS and so_far.goodbyes > ROUNDS // 20

            await crowd.throng(enough)
            killing.stop.set()
        found = await checked(pool)
        assert found.clean, str(found)

        async def nobody_is_left() -> bool:
            return bool(await pool.fetchval(SEATS) == 0)

        await until(nobody_is_left, within=60, what="every seat to be given back")
        found = await checked(pool)
        assert found.clean, str(found)
        assert +found.occupied == {}
        sweeping.cancel()


async def test_the_same_crowd_finds_out_an_api_that_counts_after_it_has_written(
    database: Database, redis_server: RedisServer
) -> None:
    async with (
        open_house(database, redis_server, "tests.rooms.naive_api") as (bar, _, crowd),
        node_process(bar, "one", region="eu"),
    ):

        async def found_out(so_far: Told) -> bool:
            assert so_far.rounds < 20_000, "this crowd proves nothing"
            return bool((await checked(bar.house.pool)).over_capacity)

        await crowd.throng(found_out)
