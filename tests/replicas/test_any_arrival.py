"""Whatever order Kafka brings it in, and however often: the same replicas, which a rebuild makes of what was heard."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.verify.sources import KEPT
from libs.contracts.cloudevents import Envelope
from libs.eventstore.db import Db
from tests.conftest import Database
from tests.replicas.listeners import LISTEN, Listener, Rows, listening, ranked, replicas_of
from tests.replicas.world import AN_EVENING, FAREWELL, REVERSALS, Restored, histories, placed, unrestored
from tests.weave import arrivals

EXAMPLES = 60
BATCH = 4


@pytest.fixture
async def listener(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Listener]:
    async with listening(request.param, await database(request.param)) as made:
        yield made


everywhere = pytest.mark.parametrize("listener", LISTEN, indirect=True)


async def undone(listener: Listener, work: Callable[[Db], Awaitable[None]]) -> Rows:
    """The tables after `work`, of which nothing stays."""
    async with listener.pool.acquire() as db:
        transaction = db.transaction()
        await transaction.start()
        try:
            await work(db)
            return await listener.rows(db)
        finally:
            await transaction.rollback()


def folded(listener: Listener, told: Sequence[Envelope]) -> Callable[[Db], Awaitable[None]]:
    return lambda db: listener.folds(db, told)


def in_batches(listener: Listener, arrived: Sequence[Envelope]) -> Callable[[Db], Awaitable[None]]:
    async def work(db: Db) -> None:
        for start in range(0, len(arrived), BATCH):
            await listener.hears(db, arrived[start : start + BATCH])

    return work


@everywhere
async def test_any_arrival_comes_to_what_the_producers_mean(listener: Listener) -> None:
    """Through the consumers' own handlers; compared with the replicas' fold of everything in its producers' order."""
    loop, seen = asyncio.get_running_loop(), set[str]()

    async def agree(history: Sequence[Envelope], arrived: Sequence[Envelope]) -> None:
        came = await undone(listener, in_batches(listener, arrived))
        assert came == await undone(listener, folded(listener, history))
        meant = await undone(listener, folded(listener, unrestored(history)))
        assert ranked(came) == ranked(meant)
        seen.update(name for name, rows in meant.items() if rows)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data(), histories(listener.handlers.keys()))
    def check(data: st.DataObject, history: list[Envelope]) -> None:
        arrived = data.draw(arrivals(history))
        asyncio.run_coroutine_threadsafe(agree(history, arrived), loop).result(60)

    await asyncio.to_thread(check)
    assert seen == {table.name for table in listener.tables}, "the world has something for each of them"


@everywhere
async def test_after_a_restore_the_next_timeline_counts(listener: Listener) -> None:
    """The same place in a stream, told twice: what was lost by the restore, and what happened instead."""
    for lost, instead in REVERSALS:
        if {lost.event.NAME, instead.event.NAME} <= listener.handlers.keys():
            history = placed([lost, Restored(lost.service, 1), instead])
            meant = await undone(listener, folded(listener, unrestored(history)))
            for arrived in (history, history[::-1]):
                assert ranked(await undone(listener, in_batches(listener, arrived))) == ranked(meant)


@everywhere
async def test_they_come_back_from_what_was_heard_though_there_is_no_topic_any_more(listener: Listener) -> None:
    """Nobody here has ever seen a broker. Once as things were before somebody was erased, and once after."""
    story = [told for told in (*AN_EVENING, FAREWELL) if told.event.NAME in listener.handlers]
    *before, last = placed(story)
    for told in (before[::-1], [last]):
        async with listener.pool.acquire() as db, db.transaction():
            await listener.hears(db, told)
            rows = await listener.rows(db)
        assert any(rows.values())
        assert (await listener.rebuild()).differences == []
        await listener.forget_all()
        report = await listener.rebuild(merge=True)
        assert len(report.differences) == sum(map(len, rows.values()))
        assert await listener.rows(listener.pool) == rows


def test_every_service_that_keeps_replicas_is_asked() -> None:
    assert {service for service in KEPT if replicas_of(service)} == set(LISTEN)
