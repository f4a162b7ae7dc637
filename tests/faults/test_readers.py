"""Faults 1 and 2: every committed event is read, once and in its stream's order, whatever transactions do."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

import asyncpg

from tests.faults.checker import Fact, Verdict, verdict
from tests.faults.load import Effort, committed, under_load
from tests.faults.readers import REMEMBER_TRANSACTIONS, ByPosition, ByTransaction, Reader, TheFeed, facts
from tests.libs.eventstore.house import House, connect
from tests.waiting import until

PATIENCE = 60.0  # seconds for the controls to be found out


def readers_of_each_kind() -> list[Reader]:
    return [TheFeed(), ByPosition(), ByTransaction()]


class Reading:
    """A reader at work: what it has told so far."""

    def __init__(self, reader: Reader, db: asyncpg.Connection) -> None:
        self.told: list[Fact] = []
        self._reader, self._db = reader, db

    async def go_on(self) -> None:
        while True:
            rows = await self._reader.read(self._db)
            self.told += facts(rows)
            if not rows:
                await asyncio.sleep(0.005)

    def verdict(self, log: Sequence[Fact]) -> Verdict:
        """On what is committed up to where the reader is."""
        reached = max((fact.pos for fact in self.told), default=0)
        return verdict([fact for fact in log if fact.pos <= reached], self.told)


async def test_the_feed_tells_everything_in_order_while_its_controls_do_not(house: House, effort: Effort) -> None:
    async with house.session(house.owner) as owner:
        await owner.execute(REMEMBER_TRANSACTIONS)
    async with AsyncExitStack() as open_sessions:
        sessions = [await open_sessions.enter_async_context(house.session()) for _ in range(3)]
        feed, by_position, by_transaction = (
            Reading(reader, db) for reader, db in zip(readers_of_each_kind(), sessions, strict=True)
        )
        readers = [asyncio.create_task(reading.go_on()) for reading in (feed, by_position, by_transaction)]
        began = time.monotonic()

        async def both_controls_found_out() -> bool:
            """So the load was hard enough."""
            spent = time.monotonic() - began
            assert spent < effort.seconds + PATIENCE, "this load proves nothing"
            log = await committed(house)
            found_out = by_position.verdict(log).lost and by_transaction.verdict(log).reordered
            return spent > effort.seconds and bool(found_out)

        await under_load(house, both_controls_found_out)
        log = await committed(house)
        await until(lambda: len(feed.told) >= len(log))
        for reader in readers:
            reader.cancel()
    told = verdict(log, feed.told)
    assert told.clean, str(told)
    assert told.repeated == 0


async def test_a_writer_elsewhere_or_idle_in_its_transaction_holds_nothing_back(house: House, effort: Effort) -> None:
    async with house.session(house.owner) as owner:
        await owner.execute(REMEMBER_TRANSACTIONS)
    idle = await connect(house.runtime)
    elsewhere = await connect(house.keys)
    try:
        await idle.execute("begin; insert into guards values (gen_random_uuid(), 1)")
        await elsewhere.execute(
            "begin; insert into subject_keys values (gen_random_uuid(), decode(repeat('00', 32), 'hex'))"
        )
        async with house.session() as first, house.session() as second:
            feed, control = Reading(TheFeed(), first), Reading(ByTransaction(), second)
            reading = [asyncio.create_task(r.go_on()) for r in (feed, control)]
            began = time.monotonic()

            async def enough() -> bool:
                return time.monotonic() - began > effort.seconds and len(feed.told) > 50

            await under_load(house, enough, writers=4)
            log = await committed(house)
            await until(lambda: len(feed.told) == len(log))  # while both transactions are still open
            for reader in reading:
                reader.cancel()
        assert verdict(log, feed.told).clean
        assert verdict(log, control.told).lost
    finally:
        await idle.close()
        await elsewhere.close()
