"""How long a microphone was open: counted once, never longer than the visit, and the same from the log."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from libs.contracts.event import Event
from libs.contracts.rooms import RoomLeave, VoiceActiveSeconds, VoiceState
from services.rooms.deciders.visitor import VISITOR, Command, Expel, Expire, Leave, Revoke, Speak, decide
from tests.given import given
from tests.rooms.people import (
    ANN,
    DANCE,
    FIRST,
    LOUNGE,
    SECOND,
    after,
    enter,
    hold,
    room_join,
    room_leave,
    room_now,
    seat_hold,
)

SILENCE = timedelta(seconds=60)
seated = [seat_hold(), room_join()]


def turned(publishing: bool, seconds: float) -> VoiceState:
    return VoiceState(visit_id=FIRST, room_id=LOUNGE, user_id=ANN, publishing=publishing, at=after(seconds))


def spoke(seconds: int) -> VoiceActiveSeconds:
    return VoiceActiveSeconds(visit_id=FIRST, room_id=LOUNGE, user_id=ANN, seconds=seconds)


def test_a_microphone_is_opened_and_closed_once() -> None:
    given(VISITOR, *seated).when(Speak(FIRST, publishing=True, at=after(5))).then(turned(True, 5))
    given(VISITOR, *seated, turned(True, 5)).when(Speak(FIRST, publishing=True, at=after(6))).then()
    given(VISITOR, *seated, turned(True, 5)).when(Speak(FIRST, publishing=False, at=after(8))).then(turned(False, 8))
    given(VISITOR, *seated).when(Speak(FIRST, publishing=False, at=after(8))).then()


def test_nobody_speaks_without_the_seat() -> None:
    given(VISITOR).when(Speak(FIRST, publishing=True, at=after(5))).then()
    given(VISITOR, seat_hold()).when(Speak(FIRST, publishing=True, at=after(5))).then()
    given(VISITOR, *seated).when(Speak(SECOND, publishing=True, at=after(5))).then()


def test_whatever_ends_the_visit_its_seconds_are_told_with_it() -> None:
    spoken = [*seated, turned(True, 5), turned(False, 15), turned(True, 20)]
    left = room_leave("left", at=after(30))
    given(VISITOR, *spoken).when(Leave(FIRST, "left", after(30))).then(spoke(20), left)
    ends: list[tuple[Command, str]] = [
        (Revoke("revoked", after(30)), "revoked"),
        (Expel("kicked", after(30), LOUNGE), "kicked"),
        (Expire(FIRST, after(90), after(30), SILENCE), "expired"),
    ]
    for command, reason in ends:
        given(VISITOR, *spoken).when(command).then(spoke(20), room_leave(reason, at=after(30)))
    there = hold(room_now(DANCE), visit_id=SECOND, at=after(30))
    happened = decide(VISITOR.fold(spoken), there)
    assert list(happened[:2]) == [spoke(20), room_leave("switched", at=after(30))]


def test_a_visit_without_a_word_has_no_seconds_to_tell() -> None:
    given(VISITOR, *seated).when(Leave(FIRST, "left", after(30))).then(room_leave("left", at=after(30)))


def test_a_microphone_left_open_by_a_node_that_died_is_closed_when_it_was_last_heard_from() -> None:
    speaking = [*seated, turned(True, 5)]
    again = enter(at=after(300))
    silent_since = type(again)(again.visit_id, again.room, again.at, last_heartbeat=after(11))
    given(VISITOR, *speaking).when(silent_since).then(turned(False, 11))
    given(VISITOR, *speaking).when(Expire(FIRST, after(100), after(11), SILENCE)).then(
        spoke(6), room_leave("expired", at=after(11))
    )


# Any microphone, any clock.
TIMES = st.integers(0, 400).map(lambda tenths: after(tenths / 10))
SPEECH = st.lists(st.builds(Speak, st.just(FIRST), st.booleans(), TIMES), max_size=12)


@settings(max_examples=300, deadline=None)
@forall(SPEECH, TIMES)
def test_nobody_speaks_longer_than_they_were_there_whatever_the_clocks_say(speech: list[Speak], end: datetime) -> None:
    story = _evening(speech, end)
    (leave,) = [event for event in story if isinstance(event, RoomLeave)]
    told = [event.seconds for event in story if isinstance(event, VoiceActiveSeconds)]
    assert len(told) <= 1
    assert all(0 <= seconds <= round((leave.left_at - after(0)).total_seconds()) for seconds in told)


@settings(max_examples=300, deadline=None)
@forall(st.lists(st.tuples(st.booleans(), st.integers(1, 300)), max_size=12), st.integers(1, 300))
def test_the_seconds_are_the_sum_of_what_the_log_says(steps: list[tuple[bool, int]], last: int) -> None:
    """Held against a plain sum over the log's own `voice_state` events."""
    at, speech = 0, list[Speak]()
    for publishing, tenths in steps:
        at += tenths
        speech.append(Speak(FIRST, publishing, after(at / 10)))
    end = after((at + last) / 10)
    story = _evening(speech, end)
    turns = [(event.publishing, event.at) for event in story if isinstance(event, VoiceState)] + [(False, end)]
    spoken = sum(((until - since) for (on, since), (_, until) in pairwise(turns) if on), timedelta())
    told = [event.seconds for event in story if isinstance(event, VoiceActiveSeconds)]
    assert told == ([round(spoken / timedelta(milliseconds=1) / 1000)] if len(turns) > 1 else [])


def _evening(speech: list[Speak], end: datetime) -> list[Event]:
    state, story = VISITOR.fold(seated), list[Event]()
    script: list[Command] = [*speech, Leave(FIRST, "left", end), Leave(FIRST, "left", end)]
    for command in script:
        happened = decide(state, command)
        state = VISITOR.fold(happened, state)
        story += happened
    assert VISITOR.fold([*seated, *story]) == state
    return story
