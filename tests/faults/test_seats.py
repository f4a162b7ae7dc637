"""A crowd at the door of rooms, on two processes that are killed again and again: no log prefix is over capacity.

The control is the same crowd, killed the same way, at the door everybody writes first.
"""

import asyncio
import json
import random
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Database
from tests.faults.load import LONG
from tests.rooms.checker import checked
from tests.rooms.house import House, house_at

HOLDS = 100_000 if LONG else 1_500
CAPACITIES = (2, 5, 20)
PEOPLE = 60
pytestmark = pytest.mark.timeout(3600 if LONG else 300)
LIFETIME = (2.0, 8.0) if LONG else (1.0, 2.5)  # seconds a process has before it is killed, drawn at random
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"


class Crowd:
    """Two processes, each killed and replaced, as long as they are wanted."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.holds = self.kills = 0
        self._told = told
        self._dice = random.Random(1)
        self._enough = asyncio.Event()

    async def at_work(self, enough: Callable[["Crowd"], Awaitable[bool]]) -> None:
        async with asyncio.TaskGroup() as processes:
            for _ in range(2):
                processes.create_task(self._keep_one())
            while not await enough(self):
                await asyncio.sleep(0.2)
            self._enough.set()

    async def _keep_one(self) -> None:
        while not self._enough.is_set():
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.rooms.hammer", stdin=PIPE, stdout=PIPE
            )
            try:
                await self._listen(process)
            finally:
                process.kill()
                await process.wait()
            self.kills += 1

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(self._told | {"seed": self._dice.random()}).encode() + b"\n")
        deadline = None
        while not self._enough.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    line = await process.stdout.readline()
                    assert line, "a process of the crowd died by itself"
                    self.holds += int(line)
                    deadline = deadline or time.monotonic() + self._dice.uniform(*LIFETIME)
            if deadline and time.monotonic() > deadline:
                return


async def crowd_at(house: House, door: str) -> Crowd:
    """Everything a process of it must be told."""
    await house.node()
    rooms = [await house.room(capacity) for capacity in CAPACITIES]
    people = [uuid4() for _ in range(PEOPLE)]
    told = {"urls": house.urls._asdict(), "people": [str(p) for p in people], "rooms": [str(r) for r in rooms]}
    return Crowd(told | {"door": door})


async def test_no_prefix_of_the_log_is_over_capacity_whoever_is_killed(database: Database) -> None:
    async with house_at(await database("rooms")) as house:

        async def enough(crowd: Crowd) -> bool:
            return crowd.holds >= HOLDS and crowd.kills >= 2

        await (await crowd_at(house, "guarded")).at_work(enough)
        found = await checked(house.pool)
        assert found.clean, str(found)
        assert await house.pool.fetchval(DEADLOCKS) == 0


async def test_the_same_crowd_finds_out_the_door_that_appends_before_the_guard(database: Database) -> None:
    async with house_at(await database("rooms")) as house:

        async def found_out(crowd: Crowd) -> bool:
            assert crowd.holds < 100_000, "this crowd proves nothing"
            return crowd.holds > 0 and bool((await checked(house.pool)).over_capacity)

        await (await crowd_at(house, "append first")).at_work(found_out)
