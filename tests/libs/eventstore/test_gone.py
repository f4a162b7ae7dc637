"""Nothing is written about somebody who is gone, by whoever comes late or was just at it."""

import asyncio
from datetime import UTC, datetime
from random import Random
from uuid import UUID, uuid4

import asyncpg
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


async def batch(house: House, steps: list[tuple[UUID, bool]], *, holds: bool, meet: asyncio.Barrier) -> None:
    """As a consumer takes it: who is named is asked about, who leaves is entered, in the order of the batch."""
    async with house.session() as db, db.transaction():
        await meet.wait()
        if holds:
            await gone.hold(db, {who for who, leaves in steps if leaves}, {who for who, _ in steps})
        for who, leaves in steps:
            if leaves:
                await gone.enter(db, who)
            else:
                await erased_among(db, [who])
            await asyncio.sleep(0.01)  # for the others to come between


def crossing(chance: Random) -> list[list[tuple[UUID, bool]]]:
    """Six batches about the same people, most of whom leave in one of them."""
    people = [UUID(int=n) for n in range(6)]
    steps = [[(chance.choice(people), False) for _ in range(3)] for _ in people]
    for each, leaver in zip(steps, people, strict=True):
        each += [(people[0], False), (leaver, True)]
    return steps


@pytest.mark.parametrize("seed", range(3))
async def test_batches_that_name_and_forget_the_same_people_wait_in_line(house: House, seed: int) -> None:
    """The control takes its locks as they come, and PostgreSQL has to end one of those that wait for each other."""
    steps = crossing(Random(seed))
    meet = asyncio.Barrier(len(steps))
    await asyncio.gather(*(batch(house, each, holds=True, meet=meet) for each in steps))
    async with house.session() as db:
        assert await erased_among(db, {who for each in steps for who, _ in each}) == {UUID(int=n) for n in range(6)}


async def test_control_batches_that_take_their_locks_as_they_come_wait_for_each_other(house: House) -> None:
    steps = [[(ANN, False), (ANN, True)], [(ANN, False), (ANN, True)]]
    meet = asyncio.Barrier(2)
    ended = await asyncio.gather(
        *(batch(house, each, holds=False, meet=meet) for each in steps), return_exceptions=True
    )
    assert [type(each) for each in ended if each is not None] == [asyncpg.DeadlockDetectedError]
