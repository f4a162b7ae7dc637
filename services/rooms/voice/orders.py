"""What a media server has to be told so that it does as the house does: from who is there, and what holds. Pure."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from uuid import UUID

from services.rooms.voice.words import Participant


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one room at this moment. `guests`: who is seated, by visit; `unheard`: (speaker, listener)."""

    guests: Mapping[UUID, UUID]
    silent: Set[UUID] = frozenset()  # users who may not speak
    unheard: Set[tuple[UUID, UUID]] = frozenset()


@dataclass(frozen=True, slots=True)
class Remove:
    """They have no seat here. A seat that is gone never comes back: its visit has no successor."""

    identity: str


@dataclass(frozen=True, slots=True)
class Permit:
    """May publish a microphone from now on, or may not; in that case what is published ends."""

    identity: str
    publish: bool


@dataclass(frozen=True, slots=True)
class Attend:
    """`listener` is to hear these tracks, or is not to."""

    listener: str
    tracks: tuple[str, ...] = field(default=())
    hear: bool = False


Order = Remove | Permit | Attend


def orders(present: Iterable[Participant], rules: Rules) -> Sequence[Order]:
    """For those who are there. Giving them again changes nothing."""
    given: list[Order] = []
    guests: list[tuple[UUID, Participant]] = []
    for each in present:
        user = rules.guests.get(each.visit) if each.visit else None
        if user is None:
            given.append(Remove(each.identity))
            continue
        guests.append((user, each))
        may = user not in rules.silent
        if each.publishes is not None and each.publishes != may:
            given.append(Permit(each.identity, may))
    given += _kept_apart(guests, rules) if rules.unheard else []
    return given


def _kept_apart(guests: Sequence[tuple[UUID, Participant]], rules: Rules) -> Iterable[Attend]:
    for listener, there in guests:
        tracks = [
            microphone.track
            for speaker, other in guests
            if (speaker, listener) in rules.unheard
            for microphone in other.microphones
        ]
        if tracks:
            yield Attend(there.identity, tuple(tracks))
