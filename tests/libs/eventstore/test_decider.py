"""The decider folds what everybody may know."""

from dataclasses import dataclass, replace
from uuid import uuid4

from libs.contracts.event import Event
from libs.eventstore.decider import Decider
from tests.given import given, play
from tests.libs.eventstore.seats import (
    SEAT,
    Command,
    Leave,
    Polish,
    RoomFull,
    Seat,
    SeatLeave,
    SeatPolish,
    SeatTake,
    Take,
)

ANN, RUBY = uuid4(), uuid4()
TOOK = SeatTake(user_id=ANN, room_id=RUBY, note="personal")


@dataclass(frozen=True)
class Nosy:
    notes: tuple[str | None, ...] = ()


def remember(state: Nosy, event: Event) -> Nosy:
    return replace(state, notes=(*state.notes, event.note)) if isinstance(event, SeatTake) else state


def test_evolve_never_sees_personal_data() -> None:
    nosy: Decider[Nosy, None] = Decider("nosy", Nosy(), lambda *_: [], remember, Nosy)
    assert nosy.fold([TOOK]) == Nosy((None,))
    assert TOOK.note == "personal"


def test_a_fold_goes_on_from_a_state() -> None:
    polished = SEAT.fold([SeatPolish(user_id=ANN)])
    assert SEAT.fold([TOOK], polished) == Seat(RUBY, 1)


def test_the_scenario_words_say_what_happened() -> None:
    given(SEAT).when(Take(ANN, RUBY)).then(SeatTake(user_id=ANN, room_id=RUBY))
    given(SEAT, TOOK).when(Take(ANN, RUBY)).then()
    given(SEAT, TOOK).when(Leave(ANN)).then(SeatLeave(user_id=ANN, room_id=RUBY))
    given(SEAT).when(Take(ANN, RUBY, free=False)).then_refused(RoomFull)


def test_a_script_is_played_past_its_refusals() -> None:
    script: list[Command] = [Take(ANN, RUBY, free=False), Polish(ANN), Take(ANN, RUBY)]
    assert play(SEAT, script) == Seat(RUBY, 1)
