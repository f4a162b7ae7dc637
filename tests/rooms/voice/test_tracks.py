"""What a media server tells of microphones: in any order, any number of times, the same comes of it."""

from random import Random

from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from libs.contracts.event import Event
from libs.contracts.rooms import VoiceActiveSeconds, VoiceState
from services.rooms.deciders.tracks import KEPT, Tracks
from services.rooms.deciders.visiting import Command, Enter, Leave, Tell
from services.rooms.deciders.visitor import VISITOR, decide
from tests.given import given
from tests.rooms.people import ANN, FIRST, LOUNGE, after, room_join, room_leave, room_now, seat_hold

seated = [seat_hold(), room_join()]


def tell(track: str | None, at: float, publishing: bool, guessed: bool = False) -> Tell:
    return Tell(FIRST, track, publishing, after(at), guessed)


def turned(track: str, at: float, publishing: bool, guessed: bool = False) -> VoiceState:
    return VoiceState(
        visit_id=FIRST, room_id=LOUNGE, user_id=ANN, publishing=publishing, at=after(at), track=track, guessed=guessed
    )


def spoke(seconds: int) -> VoiceActiveSeconds:
    return VoiceActiveSeconds(visit_id=FIRST, room_id=LOUNGE, user_id=ANN, seconds=seconds)


def test_a_track_opens_and_closes_once_however_often_it_is_said() -> None:
    given(VISITOR, *seated).when(tell("TR_1", 5, True)).then(turned("TR_1", 5, True))
    given(VISITOR, *seated, turned("TR_1", 5, True)).when(tell("TR_1", 5, True)).then()
    given(VISITOR, *seated, turned("TR_1", 5, True)).when(tell("TR_1", 9, False)).then(turned("TR_1", 9, False))
    given(VISITOR, *seated, turned("TR_1", 5, True), turned("TR_1", 9, False)).when(tell("TR_1", 9, False)).then()


def test_its_end_may_be_told_before_its_beginning() -> None:
    backwards = [turned("TR_1", 9, False), turned("TR_1", 5, True)]
    given(VISITOR, *seated, *backwards).when(Leave(FIRST, "left", after(60))).then(
        spoke(4), room_leave("left", at=after(60))
    )


def test_a_word_takes_the_place_of_a_guess_and_so_does_being_seen_again() -> None:
    guessed = [turned("TR_1", 5, True), turned("TR_1", 30, False, guessed=True)]
    given(VISITOR, *seated, *guessed).when(tell("TR_1", 20, False)).then(turned("TR_1", 20, False))
    given(VISITOR, *seated, *guessed).when(tell("TR_1", 40, False)).then(turned("TR_1", 40, False))
    given(VISITOR, *seated, *guessed).when(tell("TR_1", 50, False, guessed=True)).then()
    given(VISITOR, *seated, *guessed).when(tell("TR_1", 60, True, guessed=True)).then(
        turned("TR_1", 60, True, guessed=True)
    )
    again = [*guessed, turned("TR_1", 60, True, guessed=True)]
    given(VISITOR, *seated, *again).when(Leave(FIRST, "left", after(65))).then(
        spoke(60), room_leave("left", at=after(65))
    )


def test_a_participant_who_has_left_has_no_track_from_before_that_open() -> None:
    spoken = [turned("TR_1", 5, True), turned("TR_2", 50, True)]
    given(VISITOR, *seated, *spoken).when(tell(None, 40, False, guessed=True)).then(
        turned("TR_1", 40, False, guessed=True)
    )


def test_a_new_socket_does_not_silence_a_microphone_that_is_elsewhere() -> None:
    given(VISITOR, *seated, turned("TR_1", 5, True)).when(Enter(FIRST, room_now(occupied=1), after(9))).then()


def test_what_is_told_after_the_visit_or_of_another_changes_nothing() -> None:
    given(VISITOR).when(tell("TR_1", 5, True)).then()
    given(VISITOR, seat_hold()).when(tell("TR_1", 5, True)).then()
    given(VISITOR, *seated, room_leave("left", at=after(9))).when(tell("TR_1", 5, True)).then()


TRACKS = st.sampled_from(["TR_1", "TR_2", "TR_3"])
TIMES = st.integers(0, 300).map(float)
WORDS = st.lists(st.tuples(TRACKS, TIMES, st.booleans()), max_size=10)


def _spoken(words: list[tuple[str, float, bool]], until: float) -> int:
    tracks = Tracks()
    for track, at, publishing in words:
        tracks = tracks.told(track, after(at), publishing=publishing)
    return tracks.spoken(after(until))


@settings(max_examples=300, deadline=None)
@forall(WORDS, st.randoms(use_true_random=False), st.integers(300, 400))
def test_the_order_of_words_and_their_repetition_make_no_difference(
    words: list[tuple[str, float, bool]], chance: Random, until: int
) -> None:
    shuffled = [*words, *words]
    chance.shuffle(shuffled)
    assert _spoken(words, until) == _spoken(shuffled, until)


@settings(max_examples=300, deadline=None)
@forall(WORDS, st.integers(300, 400))
def test_time_that_several_tracks_share_counts_once(words: list[tuple[str, float, bool]], until: int) -> None:
    """Held against a count of the seconds in which any is open."""
    known: dict[str, tuple[float | None, float | None]] = {}
    for track, at, publishing in words:
        opened, closed = known.get(track, (None, None))
        if publishing:
            opened = at if opened is None else min(opened, at)
        else:
            closed = at if closed is None else min(closed, at)
        known[track] = (opened, closed)
    seconds = sum(
        any(o is not None and o <= second < (until if c is None else c) for o, c in known.values())
        for second in range(until)
    )
    assert _spoken(words, until) == seconds * 1000


def test_however_many_tracks_there_are_what_is_kept_of_them_is_bounded_and_nothing_is_lost() -> None:
    tracks = Tracks()
    for n in range(500):
        tracks = tracks.told(f"TR_{n}", after(n * 10), publishing=True)
        tracks = tracks.told(f"TR_{n}", after(n * 10 + 4), publishing=False)
    assert len(tracks.tracks) <= KEPT
    assert tracks.spoken(after(10_000)) == 500 * 4 * 1000
    hoarded = Tracks()
    for n in range(500):
        hoarded = hoarded.told(f"TR_{n}", after(n), publishing=True)
    assert len(hoarded.tracks) <= KEPT
    assert hoarded.spoken(after(600)) == 600 * 1000


def test_a_replay_comes_to_the_same() -> None:
    state, story = VISITOR.fold(seated), list[Event]()
    script: list[Command] = [
        tell("TR_2", 40, False),
        tell("TR_1", 5, True),
        tell("TR_1", 30, False, True),
        tell("TR_2", 20, True),
    ]
    for command in [*script, *script, Leave(FIRST, "left", after(100))]:
        happened = decide(state, command)
        state = VISITOR.fold(happened, state)
        story += happened
    assert VISITOR.fold([*seated, *story]) == state
    assert [event.seconds for event in story if isinstance(event, VoiceActiveSeconds)] == [35]
