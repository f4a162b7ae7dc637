"""A decider's specification, in its own words.

>>> given(ROOM, RoomOpened(...)).when(TakeSeat(...)).then(SeatTaken(...))
>>> given(ROOM, RoomOpened(...), SeatTaken(...)).when(TakeSeat(...)).then_refused(RoomFull)

`then()` means nothing happened. Whatever happened, the state must survive the stream row it is kept in.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest

from libs.contracts.event import Event
from libs.eventstore.decider import Decider, Refused

S = TypeVar("S")
C = TypeVar("C")


@dataclass(frozen=True)
class When(Generic[S, C]):
    decider: Decider[S, C]
    state: S
    command: C

    def then(self, *expected: Event) -> S:
        """Exactly these events; returns the state after them."""
        happened = self.decider.decide(self.state, self.command)
        assert list(happened) == list(expected)
        return kept(self.decider, self.decider.fold(happened, self.state))

    def then_refused(self, reason: type[Refused]) -> Refused:
        """This reason and no subclass of it; returns the refusal."""
        with pytest.raises(reason) as refusal:
            self.decider.decide(self.state, self.command)
        assert refusal.type is reason
        return refusal.value


@dataclass(frozen=True)
class Given(Generic[S, C]):
    decider: Decider[S, C]
    state: S

    def when(self, command: C) -> When[S, C]:
        return When(self.decider, self.state, command)


def given(decider: Decider[S, C], *history: Event) -> Given[S, C]:
    return Given(decider, kept(decider, decider.fold(history)))


def play(decider: Decider[S, C], script: Iterable[C]) -> S:
    """The state after a script of commands; refused ones change nothing. For properties over any history."""
    state = decider.initial
    for command in script:
        with suppress(Refused):
            state = decider.fold(decider.decide(state, command), state)
    return state


def kept(decider: Decider[S, C], state: S) -> S:
    """The state as the stream row gives it back, which must be the state."""
    read_back = decider.codec.validate_json(decider.codec.dump_json(state))
    assert read_back == state, "the state does not survive its own codec"
    return read_back
