"""Fault 10: PostgreSQL stops dead while everybody writes; what was acknowledged is there, whole."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy import bar as layout
from deploy.native.part import launch, wait_ready
from deploy.native.postgres import Postgres
from deploy.native.process import Started, stop
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.store import Store
from libs.eventstore.verify import stream_faults
from tests.faults.load import Effort
from tests.libs.eventstore.house import House, house_of
from tests.libs.eventstore.seats import CATALOGUE, SEAT, SEATS, Command, Leave, Take, project, seat_of
from tests.stack import PostgresServer, session_folder
from tests.waiting import until

WAL_WRITER = "select pid from pg_stat_activity where backend_type = 'walwriter'"
AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


@dataclass
class Mortal:
    """A PostgreSQL of its own, which survives a crash as a real one does."""

    part: Postgres
    started: Started

    async def crash(self) -> None:
        self.started.send_signal(signal.SIGQUIT)  # "immediate": no checkpoint, no goodbye
        await until(lambda: self.started.poll() is not None)
        self.started = launch(self.part, self.part.folder.log("postgres"))
        await wait_ready(self.part, self.started, self.part.folder.log("postgres"))


@pytest.fixture
async def mortal() -> AsyncIterator[Mortal]:
    with session_folder() as folder:
        part = Postgres(folder, folder.ports(["postgres"])["postgres"], [s.name for s in layout.SERVICES])
        server = Mortal(part, launch(part, folder.log("postgres")))
        try:
            await wait_ready(part, server.started, folder.log("postgres"))
            yield server
        finally:
            await stop(server.started, signal.SIGINT)


@asynccontextmanager
async def writers(store: Store, acknowledged: set[UUID], **parts: Any) -> AsyncIterator[None]:
    """Sixteen, until the block ends; what they were told is done goes into `acknowledged`."""
    ended = asyncio.Event()

    async def writer(dice: random.Random) -> None:
        users, room = [uuid4() for _ in range(50)], uuid4()
        while not ended.is_set():
            user = dice.choice(users)
            either: list[Command] = [Take(user, room, note=str(dice.random())), Leave(user)]
            with suppress(*AWAY, TimeoutError):
                outcome = await store.execute(SEAT, seat_of(user), dice.choice(either), at=datetime.now(UTC))
                for recorded in outcome.recorded:
                    acknowledged.add(recorded.event_id)
                    if late := parts.get("afterwards"):
                        await late(recorded)

    async with asyncio.TaskGroup() as group:
        for seed in range(16):
            group.create_task(writer(random.Random(seed)))
        yield
        ended.set()


async def crash_under_load(mortal: Mortal, house: House, store: Store, times: int = 1, **parts: Any) -> set[UUID]:
    acknowledged: set[UUID] = set()
    async with writers(store, acknowledged, **parts):
        for _ in range(times):
            enough = len(acknowledged) + 200
            await until(lambda enough=enough: len(acknowledged) > enough)  # type: ignore[misc]
            await mortal.crash()
    return acknowledged


async def lost(house: House, acknowledged: set[UUID]) -> set[UUID]:
    return acknowledged - {id for (id,) in await house.rows("select event_id from events")}


async def differences(house: House) -> int:
    async with house.session(house.owner) as owner:
        return len((await Rebuild(owner, house.reader(), [SEATS]).compare()).differences)


async def test_what_was_acknowledged_survives_whole(mortal: Mortal, effort: Effort) -> None:
    async with house_of(PostgresServer(mortal.part)) as house:
        acknowledged = await crash_under_load(mortal, house, house.store(), effort.times)
        assert not await lost(house, acknowledged)
        assert not await differences(house)
        async with house.session(house.owner) as owner:
            assert [fault async for fault in stream_faults(owner, {"seat": SEAT}, CATALOGUE)] == []


async def test_control_a_commit_that_is_not_on_disk_is_lost(mortal: Mortal) -> None:
    async with house_of(PostgresServer(mortal.part)) as house, house.session(house.admin) as admin:
        await admin.execute("alter role rooms set synchronous_commit = off")
        for setting in ("autovacuum = off", "bgwriter_lru_maxpages = 0"):  # nobody else syncs the log meanwhile
            await admin.execute(f"alter system set {setting}")
        await admin.execute("select pg_reload_conf()")
        os.kill(await admin.fetchval(WAL_WRITER), signal.SIGSTOP)
        for pool in (house.pool, house.keys_pool):  # one commit that is synced takes all before it along
            await pool.expire_connections()
        acknowledged = await crash_under_load(mortal, house, house.store())
        assert await lost(house, acknowledged)


async def test_control_a_projection_after_the_commit_is_half_applied(mortal: Mortal) -> None:
    async def nothing(*_: Any) -> None: ...

    async with house_of(PostgresServer(mortal.part)) as house:

        async def afterwards(recorded: Any) -> None:
            await asyncio.sleep(0.01)
            async with house.pool.acquire() as db:
                await project(db, recorded)

        acknowledged = await crash_under_load(mortal, house, house.store(project=nothing), afterwards=afterwards)
        assert not await lost(house, acknowledged)
        assert await differences(house)
