"""The pairs' door: limits that hold under races, people who are not there, and erasures that meet writers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.chassis.problems import RateLimited
from libs.eventstore.decider import Refused
from libs.eventstore.gone import PersonErased
from libs.eventstore.store import Unit
from libs.safety.pairs import pair_stream
from services.social.deciders.pair import PAIR, Befriend, FriendLimit, Self
from services.social.deciders.pair import Circle as Counts
from services.social.deciders.refusals import NotFound
from services.social.pairs import FRIENDS
from tests.conftest import Database
from tests.social.circle import ANN, BOB, CEM, DEA, NINE, Circle, after, circle_at

LIMIT = 5
ACCEPTED = """
select data ->> 'user_id' as one, data ->> 'friend_user_id' as other, name from events
where name in ('friend_accept', 'friend_remove') order by pos
"""


@pytest.fixture
async def circle(database: Database) -> AsyncIterator[Circle]:
    async with circle_at(await database("social"), limit_friends=LIMIT) as made:
        await made.known(ANN, BOB, CEM, DEA)
        yield made


async def answers(*asked: Awaitable[Any]) -> Counter[type[Exception] | None]:
    """What each was refused with."""
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert all(not isinstance(each, Exception) or isinstance(each, Refused | RateLimited) for each in told), told
    return Counter(type(each) if isinstance(each, Exception) else None for each in told)


async def most_friends(circle: Circle) -> dict[str, int]:
    """The most friends each ever had, at any place in the log."""
    most: Counter[str] = Counter()
    now: Counter[str] = Counter()
    for row in await circle.pool.fetch(ACCEPTED):
        for who in (row["one"], row["other"]):
            now[who] += 1 if row["name"] == "friend_accept" else -1
            most[who] = max(most[who], now[who])
    return most


@pytest.mark.parametrize("asked_by_ann", [False, True])
async def test_no_place_in_the_log_has_more_friends_than_one_may_have(circle: Circle, asked_by_ann: bool) -> None:
    others = await circle.people(20)
    pairs = [(ANN, other) if asked_by_ann else (other, ANN) for other in others]
    for one, other in pairs:
        await circle.pairs.befriend(one, other, NINE)
    told = await answers(*[circle.pairs.befriend(other, one, NINE) for one, other in pairs])
    assert told == {None: LIMIT, FriendLimit: len(others) - LIMIT}
    assert (await most_friends(circle))[str(ANN)] == LIMIT
    assert await circle.faults() == []


async def test_nor_while_friends_come_and_go_at_once(circle: Circle) -> None:
    """Leaving takes no guard: a count sees none but those who had left, at a place before the next one's."""
    old, new = await circle.people(LIMIT), await circle.people(15)
    for other in old:
        await circle.friends(ANN, other)
    for other in new:
        await circle.pairs.befriend(other, ANN, NINE)

    async def comes(other: UUID) -> None:
        for _ in range(20):
            try:
                await circle.pairs.befriend(ANN, other, NINE)
            except FriendLimit:
                continue
            await circle.pairs.unfriend(other, ANN, NINE)
            return

    leaving = [circle.pairs.unfriend(other, ANN, NINE) for other in old]
    assert set(await answers(*leaving, *map(comes, new))) == {None}
    assert (await most_friends(circle))[str(ANN)] == LIMIT
    assert (await circle.story()).count("friend_accept") > LIMIT, "somebody came after somebody had left"
    assert await circle.faults() == []


async def test_control_counting_without_the_guard_lets_too_many_in(circle: Circle) -> None:
    others = await circle.people(LIMIT + 3)
    for other in others:
        await circle.pairs.befriend(other, ANN, NINE)
    everybody_has_counted = asyncio.Barrier(len(others))

    async def naive(other: UUID) -> None:
        async def work(unit: Unit) -> None:
            stream = await unit.load(PAIR, pair_stream(ANN, other))
            mine, theirs = await unit.db.fetchrow(FRIENDS, ANN, other) or (0, 0)
            await everybody_has_counted.wait()
            events = PAIR.decide(stream.state, Befriend(ANN, other, Counts(mine, theirs, LIMIT)))
            await unit.append(PAIR, stream, events)

        await circle.store.run(work, at=NINE)

    assert await answers(*[naive(other) for other in others]) == {None: len(others)}
    assert (await most_friends(circle))[str(ANN)] > LIMIT


async def test_a_friend_who_leaves_makes_room(circle: Circle) -> None:
    *others, last = await circle.people(LIMIT + 1)
    for other in others:
        await circle.friends(ANN, other)
    with pytest.raises(FriendLimit):
        await circle.pairs.befriend(ANN, last, NINE)
    await circle.pairs.unfriend(others[0], ANN, NINE)
    await circle.friends(ANN, last)


async def test_crossing_requests_make_friends_once(circle: Circle) -> None:
    await answers(*[circle.pairs.befriend(*two, NINE) for two in ((ANN, BOB), (BOB, ANN)) for _ in range(5)])
    assert await circle.friendships() == {(ANN, BOB, "accepted"), (BOB, ANN, "accepted")}
    assert await circle.story() == ["friend_request", "friend_accept"]


async def test_a_race_of_block_and_request_never_ends_in_both(circle: Circle) -> None:
    for one in await circle.people(8):
        doing = [circle.pairs.block(ANN, one, NINE), circle.pairs.befriend(one, ANN, NINE)]
        assert set(await answers(*doing)) <= {None, NotFound}
    assert await circle.friendships() == set()
    assert len(await circle.blocks()) == 8
    assert await circle.faults() == []


async def test_requests_are_so_many_an_hour(database: Database) -> None:
    async with circle_at(await database("social"), limit_friend_requests_an_hour=4) as circle:
        await circle.known(ANN)
        others = await circle.people(12)
        told = await answers(*[circle.pairs.befriend(ANN, other, NINE) for other in others])
        assert told == {None: 4, RateLimited: 8}
        asked = {other for _, other, _ in await circle.friendships()}
        left = [other for other in others if other not in asked]
        await circle.pairs.befriend(ANN, next(iter(asked)), NINE)  # again: costs nothing
        for other in left[:2]:
            await circle.pairs.befriend(other, ANN, NINE)
            await circle.pairs.befriend(ANN, other, NINE)  # a yes costs nothing
        with pytest.raises(RateLimited) as limited:
            await circle.pairs.befriend(ANN, left[2], after(600))
        assert limited.value.headers["retry-after"] == "300"
        await circle.pairs.befriend(ANN, left[2], after(900))
        with pytest.raises(RateLimited):
            await circle.pairs.befriend(ANN, left[3], after(900))


async def test_whoever_is_not_there_is_not_found(circle: Circle) -> None:
    nobody, suspended, erased = uuid4(), *await circle.people(2)
    await circle.suspend(suspended)
    await circle.erase(erased)
    await circle.pairs.block(BOB, ANN, NINE)
    before = await circle.story()
    for absent in (nobody, suspended, erased, BOB):
        with pytest.raises(NotFound):
            await circle.pairs.befriend(ANN, absent, NINE)
    for absent in (nobody, erased):
        for does in (circle.pairs.block, circle.pairs.mute):
            with pytest.raises(NotFound):
                await does(ANN, absent, NINE)
        for undoes in (circle.pairs.unfriend, circle.pairs.unblock, circle.pairs.unmute):
            await undoes(ANN, absent, NINE)
    assert await circle.story() == before


async def test_one_may_block_and_mute_whoever_blocked_one_or_is_suspended(circle: Circle) -> None:
    await circle.pairs.block(BOB, ANN, NINE)
    await circle.suspend(CEM)
    for other in (BOB, CEM):
        await circle.pairs.block(ANN, other, NINE)
        await circle.pairs.mute(ANN, other, NINE)
    assert await circle.blocks() == {(BOB, ANN), (ANN, BOB), (ANN, CEM)}
    assert await circle.mutes() == {(ANN, BOB), (ANN, CEM)}


async def test_a_block_says_both_that_it_is_over_and_that_it_begins(circle: Circle) -> None:
    await circle.friends(ANN, BOB)
    await circle.pairs.mute(BOB, ANN, NINE)
    await circle.pairs.block(BOB, ANN, NINE)
    assert (await circle.story())[-2:] == ["friend_remove", "block_user"]
    assert await circle.friendships() == set()
    assert await circle.mutes() == {(BOB, ANN)}


async def test_nobody_befriends_oneself(circle: Circle) -> None:
    for name in ("befriend", "unfriend", "block", "unblock", "mute", "unmute"):
        with pytest.raises(Self):
            await getattr(circle.pairs, name)(ANN, ANN, NINE)
    assert await circle.story() == []


async def everything_about(circle: Circle, who: UUID) -> Sequence[Any]:
    return [
        each for kept in (await circle.friendships(), await circle.blocks(), await circle.mutes()) for each in kept
        if who in each
    ]  # fmt: skip


async def test_an_erased_person_is_gone_on_both_sides_and_the_others_keep_theirs(circle: Circle) -> None:
    await circle.friends(ANN, BOB)
    await circle.friends(BOB, CEM)
    await circle.pairs.befriend(ANN, CEM, NINE)
    await circle.pairs.befriend(DEA, ANN, NINE)
    for does in (circle.pairs.block, circle.pairs.mute):
        await does(DEA, BOB, NINE)
        await does(BOB, DEA, NINE)
    for one, other in ((ANN, DEA), (DEA, ANN)):
        await circle.pairs.mute(one, other, NINE)
    others = {each for each in await circle.friendships() if ANN not in each}
    before = len(await circle.story())
    await circle.erase(ANN)
    assert await everything_about(circle, ANN) == []
    assert await circle.friendships() == others
    assert await circle.blocks() == await circle.mutes() == {(DEA, BOB), (BOB, DEA)}
    assert len(await circle.story()) == before, "the others' services hear of it by user_delete"
    assert await circle.pool.fetchval("select count(*) from friend_guards where user_id = $1", ANN) == 0
    assert await circle.faults() == []
    with pytest.raises(PersonErased):
        await circle.pairs.befriend(ANN, BOB, NINE)


async def test_whoever_writes_while_somebody_is_forgotten_leaves_nothing(circle: Circle) -> None:
    for one in await circle.people(6):
        others = await circle.people(4)
        asking = [circle.pairs.befriend(other, one, NINE) for other in others]
        blocking = [circle.pairs.block(one, other, NINE) for other in others]
        told = await answers(*asking[:2], *blocking, circle.erase(one), *asking[2:])
        assert set(told) <= {None, NotFound, PersonErased}
        assert await everything_about(circle, one) == []
    assert await circle.faults() == []
