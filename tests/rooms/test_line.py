"""Who is before whom in the line before a full room."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given as forall
from hypothesis import strategies as st

from services.rooms.deciders.line import Waiting, before
from services.rooms.deciders.refusals import RoomFull
from services.rooms.deciders.visitor import VISITOR
from tests.given import given
from tests.rooms.people import ANN, BOB, LOUNGE, NINE, OTHER_LOGIN, SECOND, after, hold, room_join, room_now, seat_hold

CAT = UUID(int=3)
PATIENCE = timedelta(seconds=20)
LINE = [Waiting(ANN, 1, after(0)), Waiting(BOB, 5, after(10))]


def test_whoever_came_first_is_first_and_newcomers_are_last() -> None:
    assert [before(user, LINE, after(15), PATIENCE) for user in (ANN, BOB, CAT)] == [0, 1, 2]


def test_a_place_that_was_not_asked_about_is_lost_and_everybody_moves_up() -> None:
    assert [before(user, LINE, after(20), PATIENCE) for user in (ANN, BOB, CAT)] == [1, 0, 1]


PEOPLE = [UUID(int=n) for n in range(1, 7)]
LINES = st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 30)), unique_by=lambda each: each[0])


@forall(LINES, st.integers(0, 40))
def test_of_all_who_wait_each_has_another_place_in_the_order_they_came(
    asked: list[tuple[UUID, int]], seconds: int
) -> None:
    line = [Waiting(user, n, after(at)) for n, (user, at) in enumerate(asked)]
    still = [each.user_id for each in line if each.still(after(seconds), PATIENCE)]
    assert [before(user, line, after(seconds), PATIENCE) for user in still] == list(range(len(still)))
    lost = {each.user_id for each in line} - set(still)
    assert all(before(user, line, after(seconds), PATIENCE) == len(still) for user in lost)


def test_a_free_seat_is_kept_for_whoever_waits_before() -> None:
    room = room_now(capacity=5, occupied=4)
    given(VISITOR).when(hold(room)).then(seat_hold())
    given(VISITOR).when(hold(room, before=1)).then_refused(RoomFull)
    given(VISITOR).when(hold(room_now(capacity=5, occupied=3), before=1)).then(seat_hold())
    given(VISITOR).when(hold(room, before=1, moderator=True)).then_refused(RoomFull)


def test_whoever_sits_there_waits_for_nobody() -> None:
    full = room_now(capacity=5, occupied=5)
    seated = (seat_hold(), room_join())
    given(VISITOR, *seated).when(hold(full, before=3)).then()
    state = VISITOR.fold(seated)
    over = VISITOR.decide(state, hold(full, before=3, session_id=OTHER_LOGIN, visit_id=SECOND))
    assert [event.NAME for event in over] == ["room_leave", "seat_hold"], "another login takes the same seat over"


def test_whoever_let_their_seat_lapse_waits_like_anybody_else() -> None:
    late = hold(room_now(LOUNGE, capacity=5, occupied=5), at=after(31), before=1)
    given(VISITOR, seat_hold(at=NINE)).when(late).then_refused(RoomFull)
