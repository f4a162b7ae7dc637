"""Nothing is written about somebody who is gone, by whoever comes late or was just at it."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from libs.eventstore import gone
from libs.eventstore.gone import PersonErased, erase, erased_among, is_erased, must_be_here
from libs.eventstore.store import Answer, Once, Unit
from tests.libs.eventstore.house import House
from tests.libs.eventstore.seats import SEAT, Take, seat_of
from tests.waiting import until

ANN, BOB, RUBY = uuid4(), uuid4(), uuid4()
WAITING = "select exists (select from pg_locks where locktype = 'advisory' and classid = $1 and not granted)"


async def erased(house: House, person: UUID) -> None:
    async with house.session() as db, db.transaction():
        await erase(db, house.key_ring(), person)


async def order(house: House, person: UUID, key: str = "k") -> None:
    once = Once(person, key, b"")
    await house.store().execute(
        SEAT, seat_of(person), Take(person, RUBY), at=datetime.now(UTC), once=once, answer=lambda _: Answer(201)
    )


async def test_the_erased_are_known_and_nobody_else(house: House) -> None:
    await erased(house, ANN)
    await erased(house, ANN)
    async with house.session() as db:
        assert await erased_among(db, [ANN, BOB]) == {ANN}
        assert await erased_among(db, []) == set()
        assert not await is_erased(db, BOB)
        await must_be_here(db, BOB)
        with pytest.raises(PersonErased):
            await must_be_here(db, BOB, ANN)


async def test_a_request_with_a_key_is_refused_and_its_key_is_not_kept(house: House) -> None:
    await order(house, ANN, "first")
    await erased(house, ANN)
    for key in ("first", "second"):
        with pytest.raises(PersonErased):
            await order(house, ANN, key)
    await order(house, BOB)
    assert await house.rows("select user_id from idempotency") == [(BOB,)]


async def test_an_erasure_waits_for_whoever_is_writing_and_sees_what_they_wrote(house: House) -> None:
    """The control is the same without the look: the answer outlives its owner."""
    for looks, left in ((True, 0), (False, 1)):
        person = uuid4()
        writing, finish = asyncio.Event(), asyncio.Event()

        async def work(
            unit: Unit,
            person: UUID = person,
            looks: bool = looks,
            writing: asyncio.Event = writing,
            finish: asyncio.Event = finish,
        ) -> None:
            if looks:
                await must_be_here(unit.db, person)
            await unit.db.execute("insert into idempotency values ($1, 'k', '', 201, null, now())", person)
            writing.set()
            await finish.wait()

        writer = asyncio.create_task(house.store().run(work, at=datetime.now(UTC)))
        await writing.wait()
        eraser = asyncio.create_task(erased(house, person))
        if looks:
            await until(lambda: house.pool.fetchval(WAITING, gone.LOCKS))
        else:
            await eraser
        finish.set()
        await asyncio.gather(writer, eraser)
        assert len(await house.rows("select from idempotency where user_id = $1", person)) == left


async def test_whoever_waited_for_an_erasure_finds_them_gone(house: House) -> None:
    async with house.session() as db:
        async with db.transaction():
            await erase(db, house.key_ring(), ANN)
            late = asyncio.create_task(order(house, ANN))
            await until(lambda: house.pool.fetchval(WAITING, gone.LOCKS))
        with pytest.raises(PersonErased):
            await late


async def test_a_thousand_people_at_once_take_few_locks(house: House) -> None:
    async with house.session() as db, db.transaction():
        await erased_among(db, [uuid4() for _ in range(5000)])
        held = await db.fetchval("select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()")
        assert held <= gone.BUCKETS
