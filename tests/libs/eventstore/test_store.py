"""The store on a real PostgreSQL."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from libs.eventstore.db import Db
from libs.eventstore.errors import Conflict, IdempotencyInFlight, IdempotencyMismatch, Misuse
from libs.eventstore.recorded import Recorded
from libs.eventstore.store import Answer, Once, Outcome, Unit
from tests.libs.eventstore.house import House
from tests.libs.eventstore.seats import (
    GUARD,
    NOON,
    SEAT,
    Leave,
    Polish,
    RoomFull,
    Seat,
    SeatPolish,
    SittingElsewhere,
    Take,
    decide,
    leave,
    project,
    seat_of,
    take,
)

ANN, BOB, RUBY, ONYX = (uuid4() for _ in range(4))


async def test_a_command_becomes_an_event_a_state_and_a_row(house: House) -> None:
    outcome = await house.store().execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON)
    [recorded] = outcome.recorded
    event = await house.pool.fetchrow("select * from events")
    assert event is not None
    assert (event["event_id"], event["pos"], event["version"]) == (recorded.event_id, recorded.pos, 1)
    assert (event["recorded_at"], event["subject"], event["name"]) == (NOON, ANN, "seat_take")
    assert outcome.stream.state == Seat(RUBY)
    assert await house.rows("select user_id, room_id, taken_at from seats") == [(ANN, RUBY, NOON)]


async def test_a_repeated_command_records_nothing(house: House) -> None:
    store = house.store()
    await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON)
    again = await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON)
    assert not again.recorded
    assert again.stream.version == 1


async def test_a_refusal_leaves_nothing_behind(house: House) -> None:
    store = house.store()
    await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON)
    with pytest.raises(SittingElsewhere):
        await store.execute(SEAT, seat_of(ANN), Take(ANN, ONYX), at=NOON)
    assert await house.pool.fetchval("select count(*) from events") == 1


async def test_a_failing_projection_takes_the_event_with_it(house: House) -> None:
    async def broken(db: Db, recorded: Recorded) -> None:
        await project(db, recorded)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await house.store(project=broken).execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON)
    assert not await house.pool.fetchval("select count(*) from events")
    assert not await house.pool.fetchval("select count(*) from seats")


async def test_sixteen_racers_for_one_version_have_one_winner(house: House) -> None:
    looked = asyncio.Barrier(16)
    lost = []

    async def race(unit: Unit) -> None:
        stream = await unit.load(SEAT, seat_of(ANN))
        await looked.wait()
        try:
            await unit.append(SEAT, stream, [SeatPolish(user_id=ANN)])
        except Conflict as conflict:
            lost.append(conflict)

    await asyncio.gather(*[house.store().run(race, at=NOON) for _ in range(16)])
    assert len(lost) == 15
    assert await house.rows("select pos, version from events") == [(1, 1)]


async def test_a_conflict_draws_no_position(house: House) -> None:
    store = house.store()
    await store.execute(SEAT, seat_of(ANN), Polish(ANN), at=NOON)

    async def stale(unit: Unit) -> None:
        stream = await unit.load(SEAT, seat_of(ANN))
        for version in (0, 7):
            with pytest.raises(Conflict):
                await unit.append(SEAT, replace(stream, version=version), [SeatPolish(user_id=ANN)])

    await store.run(stale, at=NOON)
    await store.execute(SEAT, seat_of(BOB), Polish(BOB), at=NOON)
    assert await house.rows("select pos from events order by pos") == [(1,), (2,)]


async def test_racing_commands_are_all_decided_in_the_end(house: House) -> None:
    store = house.store()
    outcomes = await asyncio.gather(
        *[store.execute(SEAT, seat_of(ANN), Polish(ANN), at=NOON) for _ in range(12)], return_exceptions=True
    )
    done = [outcome for outcome in outcomes if isinstance(outcome, Outcome)]
    stored = await store.execute(SEAT, seat_of(ANN), Leave(ANN), at=NOON)
    assert stored.stream.state.polished == len(done) == stored.stream.version
    assert all(isinstance(lost, Conflict) for lost in outcomes if not isinstance(lost, Outcome))


async def test_several_events_keep_their_order_and_follow_each_other(house: House) -> None:
    async def thrice(unit: Unit) -> None:
        stream = await unit.load(SEAT, seat_of(ANN))
        stream = await unit.append(SEAT, stream, [SeatPolish(user_id=ANN), *decide(Seat(), Take(ANN, RUBY))])
        await unit.append(SEAT, stream, decide(stream.state, Leave(ANN)))

    await house.store().run(thrice, at=NOON)
    rows = await house.rows("select pos, version, name from events order by pos")
    assert rows == [(1, 1, "seat_polish"), (2, 2, "seat_take"), (3, 3, "seat_leave")]


async def test_a_guard_after_an_append_is_a_programming_error(house: House) -> None:
    async def late(unit: Unit) -> None:
        stream = await unit.load(SEAT, seat_of(ANN))
        await unit.append(SEAT, stream, [SeatPolish(user_id=ANN)])
        await unit.guard(GUARD, [RUBY])

    with pytest.raises(Misuse):
        await house.store().run(late, at=NOON)
    assert not await house.pool.fetchval("select count(*) from events")


async def test_guards_are_locked_in_one_order_whatever_order_they_are_named_in(house: House) -> None:
    rooms = [await house.open_room(9) for _ in range(2)]
    store = house.store()

    async def both(order: list[UUID]) -> None:
        async def work(unit: Unit) -> None:
            locked = await unit.guard(GUARD, order)
            assert [row["room_id"] for row in locked] == sorted(rooms)

        await store.run(work, at=NOON)

    await asyncio.gather(*[both(order) for _ in range(20) for order in (rooms, rooms[::-1])])


async def test_guards_without_an_order_are_a_programming_error(house: House) -> None:
    with pytest.raises(Misuse):
        await house.store().run(lambda unit: unit.guard("select 1 where $1 is null for update", []), at=NOON)


async def test_eight_guests_race_for_three_seats(house: House) -> None:
    room = await house.open_room(3)
    store, guests = house.store(), [uuid4() for _ in range(8)]
    outcomes = await asyncio.gather(*[take(store, guest, room) for guest in guests], return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(RoomFull) == 5
    assert await house.pool.fetchval("select count(*) from seats") == 3
    for guest in guests:
        await leave(store, guest, room)
    assert await house.pool.fetchval("select occupied from guards") == 0


async def test_an_event_that_no_broker_would_take_is_not_recorded(house: House) -> None:
    with pytest.raises(Misuse):
        await house.store().execute(SEAT, seat_of(ANN), Take(ANN, RUBY, note="x" * 300_000), at=NOON)
    assert not await house.pool.fetchval("select count(*) from events")


async def test_an_attempt_that_takes_too_long_is_rolled_back(house: House) -> None:
    async def slow(unit: Unit) -> None:
        await unit.append(SEAT, await unit.load(SEAT, seat_of(ANN)), [SeatPolish(user_id=ANN)])
        await unit.db.execute("select pg_sleep(60)")

    with pytest.raises(TimeoutError):
        await house.store(limit=0.2).run(slow, at=NOON)
    assert not await house.pool.fetchval("select count(*) from events")


async def test_the_relay_is_woken_by_commits_that_recorded_something(house: House) -> None:
    woken = []
    store = house.store(wake=lambda: woken.append(1))
    await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON)
    await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON)
    with suppress(SittingElsewhere):
        await store.execute(SEAT, seat_of(ANN), Take(ANN, ONYX), at=NOON)
    assert woken == [1]


async def test_a_state_of_another_schema_is_folded_from_the_events(house: House) -> None:
    store = house.store()
    for command in (Polish(ANN), Take(ANN, RUBY), Polish(ANN)):
        await store.execute(SEAT, seat_of(ANN), command, at=NOON)
    newer = replace(SEAT, state_schema=2)
    await house.pool.execute("""update streams set state = '{"polished": 40}'""")  # what an older program meant
    folded = await store.execute(newer, seat_of(ANN), Polish(ANN), at=NOON)
    assert folded.stream.state == Seat(RUBY, polished=3)
    assert await house.pool.fetchval("select state_schema from streams") == 2


async def test_a_missing_state_is_folded_from_the_events(house: House) -> None:
    store = house.store()
    await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON)
    await house.pool.execute("update streams set state = null")
    again = await store.execute(SEAT, seat_of(ANN), Leave(ANN), at=NOON)
    assert [type(r.event).__name__ for r in again.recorded] == ["SeatLeave"]


@pytest.mark.parametrize("statement", ["update {} set name = 'x'", "delete from {}", "truncate {}"])
@pytest.mark.parametrize("table", ["events", "heard"])
async def test_the_service_may_not_rewrite_history(house: House, statement: str, table: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await house.pool.execute(statement.format(table))


def once(key: str = "k", body: bytes = b"body", user: UUID = ANN) -> Once:
    return Once(user, key, body)


def created(seat: Seat) -> Answer:
    return Answer(201, str(seat.room))


async def test_a_repeated_request_gets_the_first_answer_and_is_not_decided_again(house: House) -> None:
    store = house.store()
    first = await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON, once=once(), answer=created)
    await store.execute(SEAT, seat_of(ANN), Leave(ANN), at=NOON)
    again = await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON, once=once(), answer=created)
    assert first.answer == again.answer == Answer(201, str(RUBY))
    assert again.repeated
    assert again.stream.state == Seat(None)


async def test_the_same_key_is_another_users_own(house: House) -> None:
    store = house.store()
    for user in (ANN, BOB):
        outcome = await store.execute(
            SEAT, seat_of(user), Take(user, RUBY), at=NOON, once=once(user=user), answer=created
        )
        assert not outcome.repeated


async def test_the_same_key_with_another_request_is_refused(house: House) -> None:
    store = house.store()
    await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON, once=once(), answer=created)
    with pytest.raises(IdempotencyMismatch):
        await store.execute(SEAT, seat_of(ANN), Take(ANN, ONYX), at=NOON, once=once(body=b"other"), answer=created)


async def test_a_refused_request_is_decided_again(house: House) -> None:
    store = house.store()
    await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON)
    with pytest.raises(SittingElsewhere):
        await store.execute(SEAT, seat_of(ANN), Take(ANN, ONYX), at=NOON, once=once(), answer=created)
    await store.execute(SEAT, seat_of(ANN), Leave(ANN), at=NOON)
    outcome = await store.execute(SEAT, seat_of(ANN), Take(ANN, ONYX), at=NOON, once=once(), answer=created)
    assert outcome.answer == Answer(201, str(ONYX))
    assert not outcome.repeated


async def test_a_repeat_while_the_first_is_under_way_is_told_so(house: House) -> None:
    store, inside, let_go = house.store(), asyncio.Event(), asyncio.Event()

    async def first(unit: Unit) -> None:
        await unit.once(once())
        inside.set()
        await let_go.wait()
        await unit.answer(Answer(204))

    async with asyncio.TaskGroup() as group:
        group.create_task(store.run(first, at=NOON))
        await inside.wait()
        with pytest.raises(IdempotencyInFlight):
            await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY), at=NOON, once=once(), answer=created)
        let_go.set()
    assert await house.pool.fetchval("select status from idempotency") == 204


async def test_an_answer_without_a_question_is_a_programming_error(house: House) -> None:
    with pytest.raises(Misuse):
        await house.store().run(lambda unit: unit.answer(Answer(204)), at=NOON + timedelta(1))
