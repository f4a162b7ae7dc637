"""Timed sanctions end once: whoever looks, however many look, and though nobody looked at the time."""

import asyncio
import os
import sys
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from libs.contracts.moderation import SanctionLift
from libs.eventstore.store import Unit
from services.moderation.deciders.safety import SAFETY, safety_stream
from services.moderation.timer import DUE
from tests.faults.processes import process
from tests.moderation.house import House
from tests.moderation.people import BOB, CAT, MODERATOR, NINE, after
from tests.stack import Databases
from tests.waiting import until

LIFTS = "select data ->> 'sanction_id' as sanction from events where name = 'sanction_lift'"
PEOPLE = 20


async def lifts(house: House) -> Counter[str]:
    return Counter(row["sanction"] for row in await house.pool.fetch(LIFTS))


async def many(house: House, count: int, at: datetime = NINE) -> set[str]:
    """So many sanctions of a minute, of some people."""
    people = [uuid4() for _ in range(PEOPLE)]
    await house.registers(*people)
    made = [await house.sanction(people[n % PEOPLE], "mute", at, seconds=60) for n in range(count)]
    return {str(each) for each in made}


async def test_a_sanction_ends_when_its_time_has_come_and_not_before(house: House) -> None:
    short, long = await house.sanction(BOB, seconds=60), await house.sanction(BOB, "suspend", seconds=61)
    for_good = await house.sanction(CAT, "mute")
    timer = house.timer()
    house.now = after(59)
    await timer.look()
    assert await lifts(house) == {}
    house.now = after(60)
    await timer.look()
    assert [await house.state(each) for each in (short, long, for_good)] == ["expired", "in_force", "in_force"]
    house.now = after(10**8)
    await timer.look()
    assert [await house.state(each) for each in (short, long, for_good)] == ["expired", "expired", "in_force"]
    reasons = await house.pool.fetch("select data ->> 'reason' as it from events where name = 'sanction_lift'")
    assert [row["it"] for row in reasons] == ["expired", "expired"]


async def test_what_a_moderator_lifted_meanwhile_does_not_end_twice(house: House) -> None:
    made = await many(house, 40)
    house.now = after(61)
    withdraw = house.moderation.sanctions.withdraw
    await asyncio.gather(
        house.timer().look(), *(withdraw(UUID(each), MODERATOR, after(61)) for each in made), house.timer().look()
    )
    assert await lifts(house) == dict.fromkeys(made, 1)


async def test_several_timers_at_once_lift_each_sanction_once(house: House) -> None:
    made = await many(house, 120)
    house.now = after(61)
    await asyncio.gather(*(house.timer().look() for _ in range(5)))
    await house.timer().look()
    assert await lifts(house) == dict.fromkeys(made, 1)


async def naive_look(house: House) -> None:
    """The control: what was due when it looked is lifted, without a second look."""
    for row in await house.pool.fetch(DUE, house.now):

        async def work(unit: Unit, sanction: UUID = row["id"]) -> None:
            user = await unit.db.fetchval("select user_id from sanctions where id = $1", sanction)
            stream = await unit.load(SAFETY, safety_stream(user))
            lift = SanctionLift(sanction_id=sanction, user_id=user, reason="expired")
            await unit.append(SAFETY, stream, [lift])

        await house.store.run(work, at=house.now)


async def test_control_timers_that_do_not_look_again_lift_sanctions_twice(house: House) -> None:
    made = await many(house, 30)
    house.now = after(61)
    await asyncio.gather(*(naive_look(house) for _ in range(3)))
    found = await lifts(house)
    assert found.keys() == made
    assert max(found.values()) > 1


class TimerProcess:
    """`python -m services.moderation timer`."""

    def __init__(self, urls: Databases) -> None:
        self._told = {
            "VIRTUBAR_DATABASE_URL": urls.runtime,
            "VIRTUBAR_KEYS_URL": urls.keys,
            "VIRTUBAR_KAFKA_URL": "kafka://127.0.0.1:1",
            "VIRTUBAR_HTTP_PORT": "0",
            "VIRTUBAR_TIMER_SECONDS": "0.05",
        }

    def argv(self) -> list[str]:
        said = [f"{name}={value}" for name, value in self._told.items()]
        return ["env", *said, sys.executable, "-m", "services.moderation", "timer"]


async def test_timers_that_were_down_and_are_killed_at_work_lift_each_sanction_once(house: House) -> None:
    made = await many(house, 300, datetime.now(UTC) - timedelta(hours=3))
    async with AsyncExitStack() as running:
        first, _ = [await running.enter_async_context(process(TimerProcess(house.urls))) for _ in range(2)]
        await until(lambda: _so_many(house, 20), within=90, every=0.01)
        os.kill(first.pid, 9)
        await until(lambda: _so_many(house, len(made)), within=90)
    assert await lifts(house) == dict.fromkeys(made, 1)


async def _so_many(house: House, count: int) -> bool:
    return len(await lifts(house)) >= count
