"""Whatever people do in whatever order: the rows are what a simple model says, and what the log comes to."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from libs.eventstore.decider import Refused
from libs.eventstore.gone import PersonErased
from libs.safety.relation import Relation
from services.social.deciders.pair import FriendLimit
from services.social.deciders.refusals import NotFound
from services.social.relations import hidden_from, relations_of
from tests.conftest import Database
from tests.social.circle import NINE, Circle, circle_at

LIMIT = 2  # friends
FOUR = range(4)
ONE, OTHER = st.sampled_from(FOUR), st.integers(1, 3)  # the other is so many places further
Two = tuple[UUID, UUID]


class Model:
    """Who stands how to whom, said as plainly as can be. Commands answer with what they are refused with."""

    def __init__(self) -> None:
        self.people = [uuid4() for _ in FOUR]
        self.gone: set[UUID] = set()
        self.asked: set[Two] = set()
        self.friends: set[Two] = set()  # both ways
        self.blocks: set[Two] = set()
        self.mutes: set[Two] = set()

    def befriend(self, one: UUID, other: UUID) -> type[Refused] | None:
        if other in self.gone or self.blocks & {(one, other), (other, one)}:
            return NotFound
        if (one, other) in self.friends | self.asked:
            return None
        accepting = (other, one) in self.asked
        if self.count(one) >= LIMIT or (accepting and self.count(other) >= LIMIT):
            return FriendLimit
        if accepting:
            self.asked.remove((other, one))
            self.friends |= {(one, other), (other, one)}
        else:
            self.asked.add((one, other))
        return None

    def unfriend(self, one: UUID, other: UUID) -> None:
        self.asked -= {(one, other), (other, one)}
        self.friends -= {(one, other), (other, one)}

    def block(self, one: UUID, other: UUID) -> type[Refused] | None:
        if other in self.gone:
            return NotFound
        self.unfriend(one, other)
        self.blocks.add((one, other))
        return None

    def mute(self, one: UUID, other: UUID) -> type[Refused] | None:
        if other in self.gone:
            return NotFound
        self.mutes.add((one, other))
        return None

    def unblock(self, one: UUID, other: UUID) -> None:
        self.blocks.discard((one, other))

    def unmute(self, one: UUID, other: UUID) -> None:
        self.mutes.discard((one, other))

    def erase(self, one: UUID) -> None:
        self.gone.add(one)
        for kept in (self.asked, self.friends, self.blocks, self.mutes):
            kept -= {each for each in kept if one in each}

    def count(self, one: UUID) -> int:
        return sum(each[0] == one for each in self.friends)

    def relation(self, one: UUID, other: UUID) -> Relation:
        there, back = (one, other), (other, one)
        return Relation(
            there in self.blocks, back in self.blocks, there in self.mutes, back in self.mutes, there in self.friends
        )


class Evening(RuleBasedStateMachine):
    """Every run has people of its own, in one database."""

    circle: ClassVar[Circle]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.run(self.circle.known(*self.model.people))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @rule(
        what=st.sampled_from(["befriend", "befriend", "befriend", "unfriend", "block", "unblock", "mute", "unmute"]),
        one=ONE,
        further=OTHER,
        times=st.integers(1, 2),
    )
    def somebody_does_something(self, what: str, one: int, further: int, times: int) -> None:
        by, other = self.model.people[one], self.model.people[(one + further) % 4]
        expected = PersonErased if by in self.model.gone else getattr(self.model, what)(by, other)
        for _ in range(times):
            assert self.run(self.told(what, by, other)) == expected

    @rule(further=OTHER, one=ONE)
    def both_ask_at_once(self, one: int, further: int) -> None:
        by, other = self.model.people[one], self.model.people[(one + further) % 4]
        if self.model.gone & {by, other}:
            return
        self.model.befriend(by, other)
        self.model.befriend(other, by)

        async def at_once() -> tuple[type[Refused] | None, type[Refused] | None]:
            return await asyncio.gather(self.told("befriend", by, other), self.told("befriend", other, by))

        assert set(self.run(at_once())) <= {None, NotFound, FriendLimit}

    @precondition(lambda self: len(self.model.gone) < 2)
    @rule(one=ONE)
    def somebody_is_forgotten(self, one: int) -> None:
        who = self.model.people[one]
        self.model.erase(who)
        for _ in range(2):
            self.run(self.circle.erase(who))

    @invariant()
    def the_rows_are_the_model(self) -> None:
        ours = set(self.model.people)
        friendships = {each for each in self.run(self.circle.friendships()) if ours & {*each}}
        assert friendships == {(*each, "pending") for each in self.model.asked} | {
            (*each, "accepted") for each in self.model.friends
        }
        assert {each for each in self.run(self.circle.blocks()) if ours & {*each}} == self.model.blocks
        assert {each for each in self.run(self.circle.mutes()) if ours & {*each}} == self.model.mutes

    @invariant()
    def relations_are_the_models(self) -> None:
        one, *others = self.model.people
        told = self.run(relations_of(self.circle.pool, one, others))
        assert told == {other: self.model.relation(one, other) for other in others}
        hidden = {other for other in others if self.model.relation(one, other).blocked}
        assert self.run(hidden_from(self.circle.pool, one)) == hidden

    def teardown(self) -> None:
        assert self.run(self.circle.faults()) == []

    async def told(self, what: str, by: UUID, other: UUID) -> type[Refused] | None:
        try:
            await getattr(self.circle.pairs, what)(by, other, NINE)
        except Refused as refused:
            return type(refused)
        return None


@pytest.fixture
async def circle(database: Database) -> AsyncIterator[Circle]:
    async with circle_at(await database("social"), limit_friends=LIMIT, limit_friend_requests_an_hour=1000) as made:
        yield made


async def test_any_evening_comes_to_what_the_model_says(circle: Circle) -> None:
    here = type("Here", (Evening,), {"circle": circle, "loop": asyncio.get_running_loop()})
    some = settings(max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    await asyncio.to_thread(run_state_machine_as_test, here, settings=some)
