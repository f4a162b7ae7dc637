"""Whatever order the facts of a pair arrive in, the same stands between the two."""

from collections.abc import Sequence
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.cloudevents import Envelope
from libs.contracts.social import BlockUser, FriendAccept, FriendRemove, MuteUser, UnblockUser
from libs.safety.pairs import FLAGS, Flag, Pair, change_of, ordered, pair_stream
from libs.safety.relation import STRANGERS, Relation
from tests.libs.safety.talk import ANN, BOB, CEM, histories, in_order, said
from tests.weave import arrivals, envelope


def fold(envelopes: Sequence[Envelope]) -> Pair:
    changes = filter(None, map(change_of, envelopes))
    return reduce(Pair.after, changes, Pair())


def naive(envelopes: Sequence[Envelope]) -> dict[Flag, bool]:
    """Whatever came last is true."""
    flags: dict[Flag, bool] = dict.fromkeys(FLAGS, False)
    for change in filter(None, map(change_of, envelopes)):
        flags.update(change.flags)
    return flags


@given(st.data(), histories)
def test_any_arrival_comes_to_what_the_stream_says(data: st.DataObject, history: list[Envelope]) -> None:
    assert fold(data.draw(arrivals(history))) == fold(history)


@given(st.data(), histories)
def test_so_does_any_order_whatever(data: st.DataObject, history: list[Envelope]) -> None:
    twice = data.draw(st.permutations([*history, *history]))
    assert fold(twice) == fold(history)


@given(histories)
def test_in_order_it_is_simply_what_came_last(history: list[Envelope]) -> None:
    assert fold(history).flags == naive(history)


def test_control_without_places_the_order_of_arrival_decides() -> None:
    blocked, unblocked = in_order([said(ANN, BOB, BlockUser), said(ANN, BOB, UnblockUser)])
    assert naive([unblocked, blocked]) != naive([blocked, unblocked])
    assert fold([unblocked, blocked]) == fold([blocked, unblocked])


def test_a_block_ends_a_friendship_before_the_end_was_heard() -> None:
    accepted, removed, blocked = in_order(
        [said(BOB, ANN, FriendAccept), said(ANN, BOB, FriendRemove), said(ANN, BOB, BlockUser)]
    )
    for arrived in ([accepted, blocked], [blocked, accepted], [blocked, removed, accepted]):
        assert fold(arrived).seen_by(low=True) == Relation(a_blocks=True)


def test_each_side_reads_it_its_own_way() -> None:
    pair = fold(in_order([said(BOB, ANN, MuteUser), said(ANN, BOB, BlockUser)]))
    assert pair.seen_by(low=True) == Relation(a_blocks=True, b_mutes=True)
    assert pair.seen_by(low=False) == Relation(b_blocks=True, a_mutes=True)
    assert Pair().seen_by(low=True) == STRANGERS


def test_after_a_restore_the_new_timeline_counts_though_versions_come_again() -> None:
    lost = in_order([said(ANN, BOB, MuteUser), said(ANN, BOB, BlockUser)])
    anew = envelope(said(ANN, BOB, UnblockUser), pair_stream(ANN, BOB), 1, timeline=2)
    assert not fold([*lost, anew]).flags["low_blocks"]


def test_a_stream_has_one_name_whoever_acts() -> None:
    assert pair_stream(ANN, CEM) == pair_stream(CEM, ANN) == f"pair-{ANN}-{CEM}"
    assert ordered(BOB, ANN) == ordered(ANN, BOB) == (ANN, BOB)
