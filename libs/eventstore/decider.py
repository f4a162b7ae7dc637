"""The decider: what may happen (`decide`) and what it comes to (`evolve`). Both pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from libs.contracts.event import Event

S = TypeVar("S")
C = TypeVar("C")


class Refused(Exception):
    """No, and why: a business rule speaks. Subclass per reason; the class name is the problem's slug.

    >>> class RoomFull(Refused): '''Every seat is taken.'''

    `members`: what a client is told besides, ready for JSON; `retry_after`: seconds, where it is worth asking again.
    """

    members: Mapping[str, Any] = MappingProxyType({})
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Decider(Generic[S, C]):
    """One kind of stream.

    decide(state, command) has three answers: events (it happens), an empty sequence (already so: a retry is free),
    or `raise Refused`. evolve(state, event) never argues, leaves the state as it is for an event it does not know, and
    finds every Personal field None: a state can hold nothing personal.
    `state_type` is what pydantic serialises into the stream row; raise `state_schema` whenever it or `evolve` changes,
    and rows of the old schema are folded anew from their events.
    """

    kind: str
    initial: S
    decide: Callable[[S, C], Sequence[Event]]
    evolve: Callable[[S, Event], S]
    state_type: Any
    state_schema: int = 1
    codec: TypeAdapter[S] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "codec", TypeAdapter(self.state_type))

    def fold(self, events: Iterable[Event], state: S | None = None) -> S:
        """The state after `events`, from `state` or from the beginning."""
        return reduce(self.evolve, map(impersonal, events), self.initial if state is None else state)


def impersonal(event: Event) -> Event:
    """The event as everybody may know it, and as it reads once its key has been destroyed."""
    return event.model_copy(update=dict.fromkeys(event.PERSONAL)) if event.PERSONAL else event
