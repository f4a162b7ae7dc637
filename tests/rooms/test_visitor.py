"""What a visitor may do, and that saying it twice changes nothing."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from libs.contracts.event import Event
from libs.contracts.rooms import RoomJoin, RoomLeave, SeatHold, SeatRelease, SessionDuration
from libs.eventstore.decider import Refused
from services.rooms.deciders.refusals import RoomClosed, RoomFull, RoomLocked, RoomPrivate, SeatGone
from services.rooms.deciders.visitor import VISITOR, Command, EndNight, Expire, Leave, Revoke, decide
from tests.given import given, play
from tests.rooms.people import (
    ANN,
    BOB,
    DANCE,
    FIRST,
    GAP,
    LOGIN,
    LOUNGE,
    NEXT_NIGHT,
    NIGHT,
    NINE,
    OTHER_LOGIN,
    SECOND,
    after,
    enter,
    hold,
    room_join,
    room_leave,
    room_now,
    seat_hold,
    seat_release,
)

SILENCE = timedelta(seconds=60)
held = [seat_hold()]
seated = [seat_hold(), room_join()]
left = [seat_hold(), room_join(), room_leave("left", at=after(10))]
night_is_over = SessionDuration(night_id=NIGHT, user_id=ANN, seconds=10, visits=1)


def test_somebody_on_the_way_has_a_seat_kept() -> None:
    given(VISITOR).when(hold()).then(seat_hold())


def test_a_seat_that_is_kept_or_taken_there_already_is_the_answer() -> None:
    given(VISITOR, *held).when(hold(visit_id=SECOND, at=after(29))).then()
    given(VISITOR, *seated).when(hold(visit_id=SECOND, at=after(3600))).then()


def test_another_login_of_the_same_guest_takes_a_seat_of_its_own() -> None:
    full = room_now(capacity=2, occupied=2)
    other = hold(full, visit_id=SECOND, at=after(9), session_id=OTHER_LOGIN)
    kept = seat_hold(SECOND, at=after(9), session_id=OTHER_LOGIN)
    given(VISITOR, *held).when(other).then(seat_release("switched"), kept)
    given(VISITOR, *seated).when(other).then(room_leave("switched", at=after(9)), kept)


def test_a_full_room_turns_guests_away_and_a_kept_seat_counts() -> None:
    given(VISITOR).when(hold(room_now(capacity=2, occupied=2))).then_refused(RoomFull)
    given(VISITOR).when(hold(room_now(capacity=2, occupied=3))).then_refused(RoomFull)
    given(VISITOR).when(hold(room_now(capacity=2, occupied=1))).then(seat_hold())


def test_ones_own_seat_in_a_full_room_stays_ones_own() -> None:
    given(VISITOR, *seated).when(hold(room_now(capacity=2, occupied=2))).then()


def test_a_lapsed_hold_makes_room_for_the_next_one_of_the_same_guest() -> None:
    full = room_now(capacity=2, occupied=2)
    given(VISITOR, *held).when(hold(full, visit_id=SECOND, at=after(30))).then(
        seat_release("expired"), seat_hold(SECOND, at=after(30))
    )


def test_a_closed_room_takes_nobody_not_even_those_inside() -> None:
    given(VISITOR).when(hold(room_now(is_open=False))).then_refused(RoomClosed)
    given(VISITOR, *seated).when(hold(room_now(is_open=False))).then_refused(RoomClosed)


def test_a_private_room_opens_to_its_host_alone() -> None:
    given(VISITOR).when(hold(room_now(is_private=True, created_by=BOB))).then_refused(RoomPrivate)
    given(VISITOR).when(hold(room_now(is_private=True, created_by=ANN))).then(seat_hold())


def test_a_private_or_locked_room_opens_to_moderators_and_to_the_invited() -> None:
    invite = UUID(int=7)
    for closed in (room_now(is_private=True, created_by=BOB), room_now(is_locked=True, created_by=BOB)):
        given(VISITOR).when(hold(closed, moderator=True)).then(seat_hold())
        given(VISITOR).when(hold(closed, invite_id=invite)).then(seat_hold(invite_id=invite))
    given(VISITOR).when(hold(room_now(is_locked=True, created_by=BOB))).then_refused(RoomLocked)
    given(VISITOR).when(hold(room_now(is_locked=True, created_by=ANN))).then(seat_hold())


def test_a_seat_elsewhere_leaves_the_room_one_is_in() -> None:
    there = hold(room_now(DANCE), visit_id=SECOND, at=after(5))
    given(VISITOR, *seated).when(there).then(
        room_leave("switched", at=after(5)), seat_hold(SECOND, room_id=DANCE, at=after(5))
    )
    given(VISITOR, *held).when(there).then(seat_release("switched"), seat_hold(SECOND, room_id=DANCE, at=after(5)))


def test_a_full_room_elsewhere_costs_nobody_the_seat_they_have() -> None:
    given(VISITOR, *seated).when(hold(room_now(DANCE, capacity=2, occupied=2))).then_refused(RoomFull)


def test_the_first_hello_makes_a_visit_and_the_second_changes_nothing() -> None:
    given(VISITOR, *held).when(enter()).then(room_join())
    given(VISITOR, *seated).when(enter()).then()


@pytest.mark.parametrize(
    ("room", "late", "reason"),
    [
        (room_now(occupied=1), 30, "expired"),
        (room_now(capacity=2, occupied=3), 1, "capacity"),
        (room_now(is_open=False, occupied=1), 1, "room_closed"),
    ],
)
def test_a_hello_that_comes_too_late_gives_the_seat_back(room: object, late: float, reason: str) -> None:
    given(VISITOR, *held).when(enter(room=room, at=after(late))).then(seat_release(reason))  # type: ignore[arg-type]


def test_a_hello_into_a_room_as_full_as_it_may_be_is_welcome() -> None:
    given(VISITOR, *held).when(enter(room=room_now(capacity=2, occupied=2))).then(room_join())


def test_there_is_no_way_back_into_a_visit_that_is_over() -> None:
    given(VISITOR, *left).when(enter()).then_refused(SeatGone)
    given(VISITOR, *seated).when(enter(SECOND)).then_refused(SeatGone)
    given(VISITOR, *seated).when(enter(room=room_now(is_open=False))).then_refused(SeatGone)


def test_leaving_frees_the_seat_once() -> None:
    given(VISITOR, *seated).when(Leave(FIRST, "left", after(10))).then(room_leave("left", at=after(10)))
    given(VISITOR, *held).when(Leave(FIRST, "left", after(10))).then(seat_release("left"))
    given(VISITOR, *left).when(Leave(FIRST, "left", after(11))).then()
    given(VISITOR, *seated).when(Leave(SECOND, "left", after(10))).then()


def test_nobody_leaves_before_they_came_whatever_the_clocks_say() -> None:
    given(VISITOR, *seated).when(Leave(FIRST, "left", after(-3))).then(room_leave("left", at=NINE))


def test_a_revoked_login_loses_the_seat_it_took() -> None:
    mine, others = Revoke("revoked", after(9), LOGIN), Revoke("revoked", after(9), OTHER_LOGIN)
    given(VISITOR, *seated).when(mine).then(room_leave("revoked", at=after(9)))
    given(VISITOR, *held).when(mine).then(seat_release("revoked"))
    given(VISITOR, *seated).when(others).then()
    given(VISITOR, *left).when(mine).then()


def test_signing_out_everywhere_spares_whoever_signed_in_since() -> None:
    given(VISITOR, *seated).when(Revoke("revoked", after(9), issued_until=NINE)).then(
        room_leave("revoked", at=after(9))
    )
    given(VISITOR, *seated).when(Revoke("revoked", after(9), issued_until=after(-1))).then()
    given(VISITOR, *seated).when(Revoke("suspended", after(9))).then(room_leave("suspended", at=after(9)))


def test_a_hold_runs_out_when_its_time_is_up() -> None:
    given(VISITOR, *held).when(Expire(FIRST, after(29), NINE, SILENCE)).then()
    given(VISITOR, *held).when(Expire(FIRST, after(30), NINE, SILENCE)).then(seat_release("expired"))


def test_a_silent_visitor_left_when_last_heard() -> None:
    given(VISITOR, *seated).when(Expire(FIRST, after(64), after(5), SILENCE)).then()
    given(VISITOR, *seated).when(Expire(FIRST, after(65), after(5), SILENCE)).then(room_leave("expired", at=after(5)))


def test_a_night_goes_on_for_whoever_is_back_in_time() -> None:
    again = hold(room_now(DANCE), visit_id=SECOND, night_id=NEXT_NIGHT, at=after(69))
    given(VISITOR, *left).when(again).then(seat_hold(SECOND, room_id=DANCE, at=after(69)))


def test_a_new_night_begins_for_whoever_is_not_and_the_old_one_is_counted() -> None:
    again = hold(visit_id=SECOND, night_id=NEXT_NIGHT, at=after(70))
    given(VISITOR, *left).when(again).then(night_is_over, seat_hold(SECOND, night_id=NEXT_NIGHT, at=after(70)))


def test_a_night_lasts_from_the_first_seat_to_the_last_leave_over_all_visits() -> None:
    second = [seat_hold(SECOND, at=after(20)), room_join(SECOND), room_leave("left", SECOND, at=after(100))]
    told = SessionDuration(night_id=NIGHT, user_id=ANN, seconds=100, visits=2)
    given(VISITOR, *left, *second).when(EndNight(after(160), GAP)).then(told)
    given(VISITOR, *left, *second).when(EndNight(after(159), GAP)).then()
    given(VISITOR, *left, *second, told).when(EndNight(after(160), GAP)).then()


def test_a_night_does_not_end_over_a_seat_and_a_no_show_was_never_a_guest() -> None:
    given(VISITOR, *left, seat_hold(SECOND, at=after(20))).when(EndNight(after(160), GAP)).then()
    given(VISITOR, *held, seat_release("expired")).when(EndNight(after(160), GAP)).then()


# Whatever has happened before, and in whatever order it is asked for.
ROOMS = st.builds(
    room_now,
    st.sampled_from([LOUNGE, DANCE]),
    created_by=st.sampled_from([None, ANN, BOB]),
    is_private=st.booleans(),
    is_open=st.booleans(),
    capacity=st.integers(2, 3),
    occupied=st.integers(0, 3),
)
TIMES = st.integers(0, 200).map(after)
VISITS = st.sampled_from([FIRST, SECOND])
LEAVING = st.sampled_from(["left", "kicked", "expired"])
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.tuples(ROOMS, VISITS, TIMES).map(lambda x: hold(x[0], visit_id=x[1], at=x[2])),
    st.tuples(ROOMS, VISITS, TIMES).map(lambda x: enter(x[1], x[0], at=x[2])),
    st.builds(Leave, VISITS, LEAVING, TIMES),
    st.builds(Revoke, st.just("revoked"), TIMES, st.sampled_from([None, LOGIN, OTHER_LOGIN]), st.none() | TIMES),
    st.builds(Expire, VISITS, TIMES, TIMES, st.just(SILENCE)),
    st.builds(EndNight, TIMES, st.just(GAP)),
)
SCRIPTS = st.lists(COMMANDS, max_size=12)


@settings(max_examples=400, deadline=None)
@forall(SCRIPTS, COMMANDS)
def test_any_command_may_be_retried(script: list[Command], command: Command) -> None:
    state = play(VISITOR, script)
    with suppress(Refused):
        state = VISITOR.fold(decide(state, command), state)
        with suppress(SeatGone):  # a hello that gave its seat back is told that the visit is over
            assert list(decide(state, command)) == []


@settings(max_examples=400, deadline=None)
@forall(SCRIPTS)
def test_no_script_makes_two_seats_of_one_visitor(script: list[Command]) -> None:
    state, story = VISITOR.initial, list[Event]()
    for command in script:
        with suppress(Refused):
            happened = decide(state, command)
            state = VISITOR.fold(happened, state)
            story += happened
    seat = None
    for event in story:
        match event:
            case SeatHold():
                assert seat is None
                seat = ("held", event.visit_id)
            case RoomJoin():
                assert seat == ("held", event.visit_id)
                seat = ("seated", event.visit_id)
            case SeatRelease():
                assert seat == ("held", event.visit_id)
                seat = None
            case RoomLeave():
                assert seat == ("seated", event.visit_id)
                seat = None
