"""Faults 3 to 7: holes, kills, stops and lost locks between the log and Kafka."""

import asyncio
import random
import signal
from collections.abc import Callable
from typing import Any

from tests.faults import relay_process, service_process
from tests.faults.load import Effort, under_load
from tests.faults.naive_relay import NaiveRelay
from tests.faults.processes import is_stopped, process
from tests.libs.eventstore.house import House, connector
from tests.libs.eventstore.outlet import Outlet, Runs, running
from tests.libs.eventstore.seats import CATALOGUE
from tests.libs.eventstore.test_feed import append, undecided
from tests.libs.eventstore.test_relay import Watching
from tests.libs.eventstore.topics import producer
from tests.waiting import until

PAGE = 50
LEADER = """
select pid from pg_locks where locktype = 'advisory' and granted
  and database = (select oid from pg_database where datname = current_database())
"""


def relay(outlet: Outlet, **parts: Any) -> relay_process.Orders:
    return relay_process.Orders(outlet.house.runtime, outlet.kafka_url, outlet.cell, PAGE, **parts)


def service(outlet: Outlet, **parts: Any) -> service_process.Orders:
    return service_process.Orders(outlet.house.runtime, outlet.house.keys, outlet.kafka_url, outlet.cell, **parts)


async def position(house: House, cursor: str = "kafka") -> int:
    return await house.pool.fetchval("select pos from relay_cursor where name = $1", cursor) or 0


# 3: a long transaction holds a hole


async def test_the_relay_waits_at_a_hole_says_for_how_long_and_then_tells_all_in_order(
    house: House, outlet: Outlet, effort: Effort
) -> None:
    watching = Watching()
    async with running(outlet.relay(watch=watching)), undecided(house) as slow:
        await until(lambda: watching.terms)
        held = await append(slow)
        await outlet.some_evenings(3)
        await until(lambda: watching.holes and watching.holes[-1] > effort.seconds / 4)
        assert await position(house) < held
        assert not await outlet.told()
        await slow.execute("commit")
        await until(outlet.caught_up)
    told = await outlet.verdict()
    assert told.clean, str(told)
    assert watching.holes[-1] == 0


# 4: killed between the commit and the wake-up


async def killed_after_a_commit(outlet: Outlet, **parts: Any) -> None:
    async with process(service(outlet, die_at=3, **parts)) as doomed:
        assert await doomed.wait() == -signal.SIGKILL
    async with process(service(outlet, **parts)) as again:
        assert await again.wait() == 0


async def test_an_event_whose_service_died_before_the_wake_up_is_told(outlet: Outlet) -> None:
    async with running(outlet.relay()):
        await killed_after_a_commit(outlet)
        await until(outlet.caught_up)
    told = await outlet.verdict()
    assert told.clean, str(told)
    assert len(await outlet.told()) == 13


async def test_control_a_service_that_tells_what_it_committed_loses_it(outlet: Outlet) -> None:
    await killed_after_a_commit(outlet, tells_itself=True)
    assert len((await outlet.verdict()).lost) == 1


# 5: killed after the broker's answer, before the cursor moves


async def killed_at_an_acknowledgement(outlet: Outlet, cursor: str = "kafka", **parts: Any) -> None:
    await outlet.some_evenings(60)
    async with process(relay(outlet, signal="SIGKILL", after=7, **parts)) as doomed:
        assert await doomed.wait() == -signal.SIGKILL
    async with process(relay(outlet, **parts)):
        await until(lambda: outlet.caught_up(cursor))


async def test_a_relay_killed_before_it_moves_its_cursor_repeats_a_page_and_loses_nothing(outlet: Outlet) -> None:
    await killed_at_an_acknowledgement(outlet)
    told = await outlet.verdict()
    assert told.clean, str(told)
    assert 0 < told.repeated <= PAGE


async def test_control_a_relay_that_moves_its_cursor_first_loses_events(outlet: Outlet) -> None:
    await killed_at_an_acknowledgement(outlet, "naive", naive="cursor first")
    assert (await outlet.verdict()).lost


async def test_relays_killed_at_any_moment_under_load_lose_and_reorder_nothing(
    house: House, outlet: Outlet, effort: Effort
) -> None:
    dice, kills = random.Random(5), 0

    async def killing() -> bool:
        nonlocal kills
        async with process(relay(outlet)) as doomed:
            before = await position(house)
            await until(lambda: passed(before))
            await asyncio.sleep(dice.uniform(0, 0.3))
            doomed.kill()
        kills += 1
        return kills >= effort.times

    async def passed(before: int) -> bool:
        return await position(house) > before

    await under_load(house, killing, writers=4)
    async with process(relay(outlet)):
        await until(outlet.caught_up)
    told = await outlet.verdict()
    assert told.clean, str(told)
    assert told.repeated <= effort.times * PAGE


# 6: the leader is stopped, another takes over, the first one comes back


async def stopped_and_continued(outlet: Outlet, cursor: str = "kafka", **parts: Any) -> None:
    await outlet.some_evenings(60)
    async with process(relay(outlet, signal="SIGSTOP", after=7, **parts)) as zombie:
        await until(lambda: is_stopped(zombie))
        if parts:  # nobody ends this one's session but an operator
            await outlet.house.rows("select pg_terminate_backend(pid) from (" + LEADER + ") leader")
        async with process(relay(outlet, **parts)):
            await until(lambda: outlet.caught_up(cursor))
            zombie.send_signal(signal.SIGCONT)
            await outlet.some_evenings(60)
            await until(lambda: outlet.caught_up(cursor))
            await until(lambda: repeats_settle(outlet))


async def repeats_settle(outlet: Outlet) -> bool:
    """Nothing more is being told."""
    before = len(await outlet.told())
    await asyncio.sleep(1)
    return len(await outlet.told()) == before


async def test_a_stopped_leader_is_replaced_and_repeats_no_more_than_its_page(house: House, outlet: Outlet) -> None:
    await stopped_and_continued(outlet)
    told = await outlet.verdict()
    assert told.clean, str(told)
    assert 0 < told.repeated <= PAGE
    assert await house.rows("select epoch from relay_cursor") == [(2,)]


async def test_control_a_leader_without_a_fence_goes_on_from_where_it_was(outlet: Outlet) -> None:
    await stopped_and_continued(outlet, "naive", naive="unfenced")
    assert (await outlet.verdict()).repeated > PAGE


# 7: the session that holds the lock is ended


async def robbed_of_its_lock(
    house: House, outlet: Outlet, relays: list[Runs], cursor: str, times: int, one_leads: Callable[[], bool]
) -> None:
    async with running(*relays), house.session(house.admin) as admin:
        for _ in range(times):
            await outlet.some_evenings(10)
            leader = await until(lambda: admin.fetchval(LEADER))
            await admin.execute("select pg_terminate_backend($1, 10000)", leader)
            await until(lambda: admin.fetchval(LEADER))
            await until(one_leads, within=10)
            await outlet.some_evenings(30)
            await until(lambda: outlet.caught_up(cursor))
        await until(lambda: repeats_settle(outlet))


class Leading(Watching):
    """How many of the relays it watches lead. Two for a moment: who has lost its session finds out by its next word."""

    now = 0

    def leads(self, leads: bool) -> None:
        self.now += 1 if leads else -1


async def test_a_leader_robbed_of_its_lock_is_followed_by_exactly_one(
    house: House, outlet: Outlet, effort: Effort
) -> None:
    watching = Leading()
    relays: list[Runs] = [outlet.relay(watch=watching, page=PAGE) for _ in range(2)]
    await robbed_of_its_lock(house, outlet, relays, "kafka", effort.times, lambda: watching.now == 1)
    told = await outlet.verdict()
    assert told.clean, str(told)
    assert told.repeated <= effort.times * PAGE


async def test_control_a_leader_that_does_not_notice_tells_everything_twice(house: House, outlet: Outlet) -> None:
    relays: list[Runs] = [
        NaiveRelay(connector(house.runtime), lambda: producer(outlet.kafka_url), cell=outlet.cell, catalogue=CATALOGUE)
        for _ in range(2)
    ]
    await robbed_of_its_lock(house, outlet, relays, "naive", 1, lambda: True)
    assert (await outlet.verdict()).repeated > PAGE
