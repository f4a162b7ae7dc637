"""No prefix of the log holds more than the capacity: guards come before the append, whose number is its place."""

import asyncio
import random
from datetime import UTC, datetime
from uuid import UUID, uuid4

from libs.eventstore.errors import Conflict
from libs.eventstore.store import Store, Unit
from tests.faults.checker import overfull
from tests.faults.load import Effort
from tests.libs.eventstore.house import House
from tests.libs.eventstore.seats import GUARD, OCCUPY, SEAT, Leave, RoomFull, Take, decide, leave, seat_of, take
from tests.waiting import until

CAPACITY = 3
GUESTS = 16
STEPS_A_SECOND = 100
STEPS = """
select case name when 'seat_take' then 1 else -1 end from events where name in ('seat_take', 'seat_leave') order by pos
"""


async def take_append_first(store: Store, user: UUID, room: UUID) -> None:
    """The control: the place in the log is drawn before the guard is held; the counter itself stays right."""

    async def work(unit: Unit) -> None:
        seat = await unit.load(SEAT, seat_of(user))
        await unit.append(SEAT, seat, decide(seat.state, Take(user, room)))
        [guard] = await unit.db.fetch(GUARD, [room])
        if guard["occupied"] >= guard["capacity"]:
            raise RoomFull
        await unit.db.execute(OCCUPY, room, 1)

    await store.run(work, at=datetime.now(UTC))


async def leave_append_first(store: Store, user: UUID, room: UUID) -> None:
    async def work(unit: Unit) -> None:
        seat = await unit.load(SEAT, seat_of(user))
        await unit.append(SEAT, seat, decide(seat.state, Leave(user)))
        await unit.db.execute(OCCUPY, room, -1)

    await store.run(work, at=datetime.now(UTC))


async def coming_and_going(house: House, room: UUID, *, naive: bool, stop: asyncio.Event) -> None:
    store = house.store()
    come, go = (take_append_first, leave_append_first) if naive else (take, leave)

    async def guest(user: UUID, dice: random.Random) -> None:
        while not stop.is_set():
            try:
                await come(store, user, room)
                await asyncio.sleep(dice.uniform(0, 0.005))
                await go(store, user, room)
            except (RoomFull, Conflict):
                await asyncio.sleep(dice.uniform(0, 0.005))

    await asyncio.gather(*[guest(uuid4(), random.Random(n)) for n in range(GUESTS)])


async def many_steps(house: House, effort: Effort) -> bool:
    return len(await house.rows(STEPS)) > effort.seconds * STEPS_A_SECOND


async def wrong_prefixes(house: House) -> int:
    return overfull([step for (step,) in await house.rows(STEPS)], CAPACITY)


async def test_no_prefix_of_the_log_is_over_capacity(house: House, effort: Effort) -> None:
    room, stop = await house.open_room(CAPACITY), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(coming_and_going(house, room, naive=False, stop=stop))
        await until(lambda: many_steps(house, effort), within=30 * effort.seconds)
        stop.set()
    assert await wrong_prefixes(house) == 0
    inside = sum(step for (step,) in await house.rows(STEPS))
    assert await house.rows("select occupied from guards") == [(inside,)]


async def test_control_appends_before_guards_put_prefixes_over_capacity(house: House) -> None:
    room, stop = await house.open_room(CAPACITY), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(coming_and_going(house, room, naive=True, stop=stop))
        await until(lambda: wrong_prefixes(house))
        stop.set()
    inside = sum(step for (step,) in await house.rows(STEPS))
    assert await house.rows("select occupied from guards") == [(inside,)]  # the counter never told
