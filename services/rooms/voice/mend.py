"""What a look at a LiveKit room shows that nobody told: microphones that opened or closed unheard of. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.rooms.voice.words import Participant, Word

SETTLED: Final = timedelta(seconds=5)
"""What opened so shortly ago may not be shown yet: the server's own lists lag behind, and clocks differ."""


@dataclass(frozen=True, slots=True)
class Open:
    """A microphone that is open, as far as has been told."""

    visit: UUID
    track: str
    opened_at: datetime


def mended(
    known: Iterable[Open], present: Iterable[Participant], looked_at: datetime | None, at: datetime
) -> dict[UUID, Sequence[Word]]:
    """By visit. `looked_at`: the look before this one, `at`: now.

    What closed unheard of did so at any moment since it was last seen: the middle is wrong by half of that at most, and
    as often too much as too little.
    """
    told = {(each.visit, each.track): each.opened_at for each in known}
    words: dict[UUID, list[Word]] = {}
    seen = set()
    for each in present:
        if each.visit is None:
            continue
        for microphone in each.microphones:
            track = (each.visit, microphone.track)
            seen.add(track)
            if track not in told:
                words.setdefault(each.visit, []).extend(_opened(*track, microphone.opened_at, looked_at, at))
    for (visit, track_id), opened_at in told.items():
        if (visit, track_id) not in seen and opened_at <= at - SETTLED:
            since = max(opened_at, looked_at or opened_at)
            words.setdefault(visit, []).append(Word(visit, track_id, False, middle(since, at), guessed=True))
    return dict(words)


def middle(start: datetime, end: datetime) -> datetime:
    return start + max(timedelta(), end - start) / 2


def _opened(
    visit: UUID, track: str, opened_at: datetime | None, looked_at: datetime | None, at: datetime
) -> Iterable[Word]:
    """Where the server does not say when, it was since the last look."""
    if opened_at is None:
        yield Word(visit, track, True, middle(looked_at, at) if looked_at else at, guessed=True)
    else:
        yield Word(visit, track, True, opened_at)
    yield Word(visit, track, True, at, guessed=True)  # there, whatever was guessed before
