"""Microphones as a media server tells of them: late, twice, in any order, and sometimes not at all.

Each time one is opened it is another track. Of every track we keep the earliest word on when it opened and the
earliest on when it closed; a close that was only guessed gives way to a word, and to being seen open again. So whatever
order the words come in, the same comes of them, and time that two tracks share counts once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

KEPT: Final = 32
"""Tracks of one visit that can still be corrected; of older ones only the sum is kept."""


@dataclass(frozen=True, slots=True)
class Track:
    """`opened_at` is None while only its end is known, `closed_at` while it is open as far as is known."""

    track: str
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    guessed: bool = False  # closed, between two looks

    def told(self, at: datetime, *, publishing: bool, guessed: bool) -> "Track":
        """`guessed` of an open one: seen to be open at that moment, whenever that began."""
        if publishing:
            again = guessed and self.guessed and self.closed_at is not None and at >= self.closed_at
            known = replace(self, closed_at=None, guessed=False) if again else self
            return replace(known, opened_at=at if known.opened_at is None else min(known.opened_at, at))
        if guessed:
            after = at if self.opened_at is None else max(at, self.opened_at)
            return self if self.closed_at else replace(self, closed_at=after, guessed=True)
        if self.closed_at is None or self.guessed or at < self.closed_at:
            return replace(self, closed_at=at, guessed=False)
        return self


@dataclass(frozen=True, slots=True)
class Tracks:
    """Those of one visit. `milliseconds` were settled, all of them before `settled_until`."""

    tracks: tuple[Track, ...] = ()
    milliseconds: int = 0
    settled_until: datetime | None = None
    began_at: datetime | None = None  # the first of all

    def told(self, track: str, at: datetime, *, publishing: bool, guessed: bool = False) -> "Tracks":
        """Itself where that is no news."""
        known = next((each for each in self.tracks if each.track == track), None)
        news = (known or Track(track)).told(at, publishing=publishing, guessed=guessed)
        if news == known:
            return self
        others = tuple(each for each in self.tracks if each.track != track)
        opened = news.opened_at
        began = self.began_at if opened is None else min(self.began_at or opened, opened)
        return replace(self, tracks=(*others, news), began_at=began)._settled()

    def open_since(self, at: datetime) -> list[str]:
        """Those that were open at that moment, as far as is known."""
        return [
            each.track
            for each in self.tracks
            if each.closed_at is None and each.opened_at is not None and each.opened_at <= at
        ]

    def spoken(self, until: datetime) -> int:
        """Milliseconds in which at least one was open."""
        total, covered = self.milliseconds, self.settled_until
        for start, end in sorted(self._intervals(until)):
            start = start if covered is None else max(start, covered)
            if end > start:
                total += (end - start) // timedelta(milliseconds=1)
                covered = end
        return total

    def _intervals(self, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        return (
            (each.opened_at, min(each.closed_at or until, until)) for each in self.tracks if each.opened_at is not None
        )

    def _settled(self) -> "Tracks":
        """Bounded, whatever a media server may say: the first that ended is summed up, and corrected no more."""
        if len(self.tracks) <= KEPT:
            return self
        ended = [each for each in self.tracks if each.closed_at is not None]
        if not ended:
            return replace(self, tracks=self.tracks[:KEPT])  # all open at once: one alone would count as much
        first = min(ended, key=lambda each: (each.closed_at, each.track))
        assert first.closed_at
        alone = replace(self, tracks=(first,))
        until = first.closed_at if self.settled_until is None else max(first.closed_at, self.settled_until)
        rest = tuple(each for each in self.tracks if each is not first)
        return replace(self, tracks=rest, milliseconds=alone.spoken(first.closed_at), settled_until=until)
