"""How long somebody's microphone was open during a visit. Part of a visitor's state."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from services.rooms.deciders.tracks import Tracks


@dataclass(frozen=True, slots=True)
class Voice:
    """`began_at` is when it was first opened, `open_since` when last, None while it is closed: as the room's node said.

    `tracks` are what a media server said. A visit has either; were it both, its own length bounds the sum.
    """

    began_at: datetime | None = None
    open_since: datetime | None = None
    milliseconds: int = 0  # closed again by now
    tracks: Tracks = field(default_factory=Tracks)

    @property
    def is_open(self) -> bool:
        return self.open_since is not None

    def turned(self, at: datetime, *, publishing: bool) -> "Voice":
        if publishing and not self.is_open:
            return replace(self, began_at=self.began_at or at, open_since=at)
        if not publishing and self.open_since is not None:
            return replace(self, open_since=None, milliseconds=self.milliseconds + _between(self.open_since, at))
        return self

    def told(self, track: str, at: datetime, *, publishing: bool, guessed: bool) -> "Voice":
        """By a media server; itself where that is no news."""
        tracks = self.tracks.told(track, at, publishing=publishing, guessed=guessed)
        return self if tracks is self.tracks else replace(self, tracks=tracks)

    def seconds(self, left_at: datetime) -> int | None:
        """Of a visit that ended at `left_at`, never longer than that; None where there was no voice at all."""
        beginnings = [at for at in (self.began_at, self.tracks.began_at) if at is not None]
        if not beginnings:
            return None
        spoken = self.turned(left_at, publishing=False).milliseconds + self.tracks.spoken(left_at)
        return round(min(spoken, _between(min(beginnings), left_at)) / 1000)


SILENT: Final = Voice()


def _between(start: datetime, end: datetime) -> int:
    """Milliseconds; none where the clocks disagree."""
    return max(0, (end - start) // timedelta(milliseconds=1))
