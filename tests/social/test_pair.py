"""How two people come to stand to each other: the rules, without a database."""

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from libs.contracts.event import Event
from libs.contracts.social import (
    BlockUser,
    FriendAccept,
    FriendRemove,
    FriendRequest,
    MuteUser,
    UnblockUser,
    UnmuteUser,
)
from services.social.deciders.pair import (
    PAIR,
    Befriend,
    Block,
    Circle,
    Command,
    FriendLimit,
    Mute,
    Self,
    Unblock,
    Unfriend,
    Unmute,
)
from services.social.deciders.refusals import NotFound
from tests.given import given, play
from tests.social.circle import ANN, BOB

SOME = Circle(mine=0, theirs=0, limit=5000)


def asks(one: UUID, other: UUID) -> FriendRequest:
    return FriendRequest(user_id=one, friend_user_id=other)


def accepts(one: UUID, other: UUID) -> FriendAccept:
    return FriendAccept(user_id=one, friend_user_id=other)


def parts(one: UUID, other: UUID) -> FriendRemove:
    return FriendRemove(user_id=one, friend_user_id=other)


def blocks(one: UUID, other: UUID) -> BlockUser:
    return BlockUser(blocker_user_id=one, blocked_user_id=other)


def befriend(one: UUID, other: UUID, circle: Circle = SOME) -> Befriend:
    return Befriend(one, other, circle)


def test_one_asks_and_the_other_says_yes_by_asking_too() -> None:
    given(PAIR).when(befriend(ANN, BOB)).then(asks(ANN, BOB))
    given(PAIR, asks(ANN, BOB)).when(befriend(BOB, ANN)).then(accepts(BOB, ANN))


def test_asking_again_says_nothing() -> None:
    given(PAIR, asks(ANN, BOB)).when(befriend(ANN, BOB)).then()
    for one, other in ((ANN, BOB), (BOB, ANN)):
        given(PAIR, asks(ANN, BOB), accepts(BOB, ANN)).when(befriend(one, other)).then()


@pytest.mark.parametrize(("one", "other"), [(ANN, BOB), (BOB, ANN)])
def test_either_may_cancel_decline_or_end_it(one: UUID, other: UUID) -> None:
    given(PAIR, asks(ANN, BOB)).when(Unfriend(one, other)).then(parts(one, other))
    given(PAIR, asks(ANN, BOB), accepts(BOB, ANN)).when(Unfriend(one, other)).then(parts(one, other))
    given(PAIR, asks(ANN, BOB), parts(one, other)).when(Unfriend(one, other)).then()


def test_one_has_so_many_friends_and_no_more() -> None:
    full, theirs_full = Circle(mine=3, theirs=0, limit=3), Circle(mine=2, theirs=3, limit=3)
    given(PAIR).when(befriend(ANN, BOB, full)).then_refused(FriendLimit)
    given(PAIR).when(befriend(ANN, BOB, theirs_full)).then(asks(ANN, BOB))
    for circle in (full, theirs_full):
        given(PAIR, asks(ANN, BOB)).when(befriend(BOB, ANN, circle)).then_refused(FriendLimit)
    given(PAIR, asks(ANN, BOB)).when(befriend(ANN, BOB, full)).then()
    given(PAIR, asks(ANN, BOB), accepts(BOB, ANN)).when(befriend(BOB, ANN, full)).then()


@pytest.mark.parametrize(("one", "other"), [(ANN, BOB), (BOB, ANN)])
def test_a_block_ends_what_there_is_in_the_same_moment(one: UUID, other: UUID) -> None:
    given(PAIR).when(Block(one, other)).then(blocks(one, other))
    given(PAIR, asks(ANN, BOB)).when(Block(one, other)).then(parts(one, other), blocks(one, other))
    given(PAIR, asks(ANN, BOB), accepts(BOB, ANN)).when(Block(one, other)).then(parts(one, other), blocks(one, other))


def test_across_a_block_nobody_is_there() -> None:
    for one, other in ((ANN, BOB), (BOB, ANN)):
        given(PAIR, blocks(ANN, BOB)).when(befriend(one, other)).then_refused(NotFound)


def test_each_blocks_for_oneself() -> None:
    both = (blocks(ANN, BOB), blocks(BOB, ANN))
    unblocked = UnblockUser(blocker_user_id=ANN, blocked_user_id=BOB)
    given(PAIR, both[0]).when(Block(ANN, BOB)).then()
    given(PAIR, both[0]).when(Block(BOB, ANN)).then(both[1])
    given(PAIR, both[0]).when(Unblock(BOB, ANN)).then()
    given(PAIR, *both).when(Unblock(ANN, BOB)).then(unblocked)
    given(PAIR, *both, unblocked).when(befriend(ANN, BOB)).then_refused(NotFound)
    given(PAIR, both[0], unblocked).when(befriend(BOB, ANN)).then(asks(BOB, ANN))


def test_a_mute_is_one_sided_and_leaves_friendship_and_block_alone() -> None:
    mute = MuteUser(muter_user_id=ANN, muted_user_id=BOB)
    unmute = UnmuteUser(muter_user_id=ANN, muted_user_id=BOB)
    given(PAIR).when(Mute(ANN, BOB)).then(mute)
    given(PAIR, mute).when(Mute(ANN, BOB)).then()
    given(PAIR, mute).when(Unmute(BOB, ANN)).then()
    given(PAIR, mute).when(Unmute(ANN, BOB)).then(unmute)
    given(PAIR, mute, unmute).when(Unmute(ANN, BOB)).then()
    given(PAIR, mute, asks(ANN, BOB), blocks(BOB, ANN)).when(Unmute(ANN, BOB)).then(unmute)


EVERY: list[Callable[[UUID, UUID], Command]] = [befriend, Unfriend, Block, Unblock, Mute, Unmute]


@pytest.mark.parametrize("command", EVERY)
def test_nobody_does_it_to_oneself(command: Callable[[UUID, UUID], Command]) -> None:
    given(PAIR).when(command(ANN, ANN)).then_refused(Self)


two = st.sampled_from([(ANN, BOB), (BOB, ANN)])
commands = st.builds(lambda make, who: make(*who), st.sampled_from(EVERY), two)


@any_of(st.lists(commands, max_size=20), commands)
def test_saying_it_twice_is_saying_it_once(script: list[Command], command: Command) -> None:
    state = play(PAIR, [*script, command])
    assert play(PAIR, [*script, command, command]) == state
    events: list[Event] = []
    try:
        events = list(PAIR.decide(state, command))
    except NotFound:
        assert state.blocked_by
    assert events == []


@any_of(st.lists(commands, max_size=30))
def test_nobody_is_a_friend_or_asks_across_a_block_or_both_at_once(script: list[Command]) -> None:
    state = play(PAIR, script)
    assert not (state.blocked_by and (state.friends or state.asked_by))
    assert not (state.friends and state.asked_by)
