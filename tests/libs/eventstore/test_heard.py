"""The inbox: each event once, whatever is delivered however often."""

import asyncio
from uuid import UUID, uuid4

from libs.contracts.cloudevents import Envelope
from libs.eventstore import heard
from libs.eventstore.db import Db
from tests.libs.eventstore.house import House
from tests.libs.eventstore.seats import NOON

COUNT = "update guards set occupied = occupied + 1 where room_id = $1"
NAIVE_LOOK = "select exists (select from heard where event_id = $1)"


def envelope(position: int = 1, id: UUID | None = None) -> Envelope:
    user = uuid4()
    return Envelope(
        id=id or uuid4(),
        name="seat_take",
        source="/virtubar/test/social/1",
        subject=user,
        time=NOON,
        schema_version=1,
        stream_id=f"seat-{user}",
        stream_version=position,
        position=position,
        correlation_id=None,
        causation_id=None,
        traceparent=None,
        data={"user_id": str(user), "room_id": str(uuid4())},
    )


async def test_an_event_is_heard_once(house: House) -> None:
    once = envelope()
    async with house.session() as db:
        assert [await heard.receive(db, once) for _ in range(3)] == [True, False, False]


async def test_what_was_heard_comes_back_as_it_was_in_the_order_of_arrival(house: House) -> None:
    envelopes = [envelope(n) for n in (3, 1, 2)]
    async with house.session() as db:
        assert await heard.receive_all(db, envelopes) == envelopes
    rows = await house.pool.fetch(f"select {heard.COLUMNS} from heard order by arrival")
    assert [heard.envelope_of(row) for row in rows] == envelopes


async def test_a_batch_may_hold_an_event_twice_and_old_ones_besides(house: House) -> None:
    old, new, newer = envelope(1), envelope(2), envelope(3)
    async with house.session() as db:
        await heard.receive(db, old)
        assert await heard.receive_all(db, [old, new, new, old, newer]) == [new, newer]
        assert await heard.receive_all(db, []) == []


async def test_a_rolled_back_event_was_not_heard(house: House) -> None:
    once = envelope()
    async with house.session() as db:
        transaction = db.transaction()
        await transaction.start()
        await heard.receive(db, once)
        await transaction.rollback()
        assert await heard.receive(db, once)


async def naively(db: Db, once: Envelope, met: asyncio.Barrier) -> bool:
    """The control: look, then act."""
    known = await db.fetchval(NAIVE_LOOK, once.id)
    await met.wait()
    return not known


async def effects(house: House, once: Envelope, *, naive: bool) -> int:
    """How often an event takes effect that four consumers are handed at the same moment."""
    room, met = await house.open_room(9), asyncio.Barrier(4)

    async def consume() -> None:
        async with house.pool.acquire() as db, db.transaction():
            if naive:
                fresh = await naively(db, once, met)
            else:
                await met.wait()
                fresh = await heard.receive(db, once)
            if fresh:
                await db.execute(COUNT, room)

    await asyncio.gather(*[consume() for _ in range(4)])
    count: int = await house.pool.fetchval("select occupied from guards where room_id = $1", room)
    return count


async def test_four_consumers_of_one_event_have_one_effect(house: House) -> None:
    assert await effects(house, envelope(), naive=False) == 1


async def test_control_looking_first_has_four_effects(house: House) -> None:
    assert await effects(house, envelope(), naive=True) == 4
