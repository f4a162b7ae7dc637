"""Fault 18: whatever order appends come in and however they race, the log is the model and the state its replay."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from libs.contracts.event import Event
from libs.eventstore.errors import Conflict
from libs.eventstore.store import Stream, Unit
from libs.eventstore.verify import stream_faults
from tests.libs.eventstore.house import SCHEMA, House
from tests.libs.eventstore.seats import CATALOGUE, NOON, SEAT, Seat, SeatLeave, SeatPolish, SeatTake, seat_of

LOG = "select event_id, version from events where stream_id = $1 order by pos"
MAKE: dict[str, Callable[[UUID], Event]] = {
    "take": lambda user: SeatTake(user_id=user, room_id=user, note="n"),
    "leave": lambda user: SeatLeave(user_id=user, room_id=user),
    "polish": lambda user: SeatPolish(user_id=user),
}
KINDS = st.lists(st.sampled_from(sorted(MAKE)), min_size=1, max_size=4)


class Appends(RuleBasedStateMachine):
    """The model is what every winner was told: its events, by stream."""

    where: ClassVar[House]

    streams: Bundle[UUID] = Bundle("streams")
    looks: Bundle[tuple[UUID, Stream[Seat]]] = Bundle("looks")

    def __init__(self) -> None:
        super().__init__()
        house = self.where
        self.model: dict[UUID, list[Any]] = defaultdict(list)
        self.runner = asyncio.Runner()
        pool = self.run(_pool(house.runtime))
        ring = self.run(_pool(house.keys))
        self.house = House(house.runtime, house.owner, house.keys, house.admin, pool, ring)
        self.store = self.house.store()

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def teardown(self) -> None:
        self.run(self.house.pool.close())
        self.run(self.house.keys_pool.close())
        self.runner.close()

    @initialize(target=streams)
    def first_stream(self) -> UUID:
        return uuid4()

    @rule(target=streams)
    def another_stream(self) -> UUID:
        return uuid4()

    @rule(target=looks, user=streams)
    def look(self, user: UUID) -> tuple[UUID, Stream[Seat]]:
        return user, self.seen(user)

    @rule(look=looks, kinds=KINDS)
    def append_to_what_was_seen(self, look: tuple[UUID, Stream[Seat]], kinds: list[str]) -> None:
        user, seen = look
        won = self.run(self.append(user, seen, kinds))
        assert won == (seen.version == len(self.model[user]) - len(kinds) * won)

    @rule(user=streams, batches=st.lists(KINDS, min_size=2, max_size=5))
    def race(self, user: UUID, batches: list[list[str]]) -> None:
        seen = self.seen(user)

        async def all_at_once() -> list[bool]:
            return await asyncio.gather(*[self.append(user, seen, kinds) for kinds in batches])

        assert sum(self.run(all_at_once())) == 1

    @rule(user=streams)
    def forget_the_state(self, user: UUID) -> None:
        self.run(self.house.pool.execute("update streams set state = null where stream_id = $1", seat_of(user)))

    @invariant()
    def the_log_is_the_model(self) -> None:
        for user, recorded in self.model.items():
            rows = self.run(self.house.rows(LOG, seat_of(user)))
            assert rows == [(each.event_id, n) for n, each in enumerate(recorded, 1)]

    @invariant()
    def the_state_is_the_replay(self) -> None:
        for user, recorded in self.model.items():
            assert self.seen(user).state == SEAT.fold(each.event for each in recorded)
        assert self.run(self.faults()) == []

    def seen(self, user: UUID) -> Stream[Seat]:
        stream: Stream[Seat] = self.run(self.store.run(lambda unit: unit.load(SEAT, seat_of(user)), at=NOON))
        return stream

    async def append(self, user: UUID, seen: Stream[Seat], kinds: list[str]) -> bool:
        events: list[Event] = [MAKE[kind](user) for kind in kinds]

        async def once(unit: Unit) -> list[Any] | None:
            try:
                await unit.append(SEAT, seen, events)
            except Conflict:
                return None
            return unit.recorded

        won: list[Any] | None = await self.store.run(once, at=NOON)
        self.model[user] += won or []
        return won is not None

    async def faults(self) -> list[Any]:
        async with self.house.pool.acquire() as db:
            return [fault async for fault in stream_faults(db, {"seat": SEAT}, CATALOGUE)]


async def _pool(url: str) -> Any:
    return await asyncpg.create_pool(url, min_size=1, max_size=5, server_settings=SCHEMA)


def test_any_sequence_of_appends_and_races(house: House) -> None:
    class Here(Appends):
        where = house

    some = settings(max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Here, settings=some)
