"""Where the people of a room stood, once a second, for ten minutes. Pure.

A sample says who moved since the one before, and now and then where everybody is, so that a room at rest costs nothing.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final
from uuid import UUID

WHOLE_EVERY: Final = 10_000  # milliseconds
AWAY: Final = 1  # a flag of a record

RECORD: Final = Struct("<16sBHhHBBbb")
"""user, flags, then a body as frames have it: x, y, z, yaw, animation, vx, vz."""


Stander = tuple[UUID, bytes, bool]
"""A member of a room: user, body, away."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`at` in epoch milliseconds. `whole`: nobody but these was there."""

    at: int
    whole: bool
    records: bytes

    def people(self) -> Iterator[tuple[bytes, bytes]]:
        """(user, record) of each."""
        size = RECORD.size
        for start in range(0, len(self.records), size):
            yield self.records[start : start + 16], self.records[start : start + size]

    def without(self, user: UUID) -> "Sample":
        if user.bytes not in self.records:  # may be there by chance, and then nothing is taken out
            return self
        left = b"".join(record for who, record in self.people() if who != user.bytes)
        return Sample(self.at, self.whole, left)


class Positions:
    """`seconds` of one room; `count` samples at most."""

    def __init__(self, seconds: float = 600.0, count: int = 720) -> None:
        self._milliseconds = int(seconds * 1000)
        self._ring: deque[Sample] = deque(maxlen=count)
        self._last: dict[UUID, tuple[bytes, bool]] = {}
        self._whole_at = 0
        self._peopled = False  # by what the ring says

    def __len__(self) -> int:
        return len(self._ring)

    def take(self, at: int, people: Iterable[Stander]) -> Sample | None:
        """What there is to keep of this moment (epoch milliseconds); None where nobody moved."""
        now = {user: (body, away) for user, body, away in people}
        whole = at - self._whole_at >= WHOLE_EVERY
        if whole:
            self._whole_at = at
        last, self._last = self._last, now
        shown = now if whole else {user: place for user, place in now.items() if last.get(user) != place}
        self._prune(at)
        if not shown and not (whole and self._peopled):
            return None
        self._peopled = bool(now)
        records = b"".join(user.bytes + (b"\x01" if away else b"\0") + body for user, (body, away) in shown.items())
        self._ring.append(sample := Sample(at, whole, records))
        return sample

    def since(self, at: int) -> list[Sample]:
        """Oldest first: what is needed to know where everybody was from that moment on."""
        return needed(list(self._ring), at)

    def forget(self, user: UUID) -> bool:
        """True where there was anything to forget."""
        before = list(self._ring)
        self._last.pop(user, None)
        self._ring.clear()
        self._ring.extend(each.without(user) for each in before)
        return list(self._ring) != before

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._ring)

    def _prune(self, at: int) -> None:
        while self._ring and self._ring[0].at < at - self._milliseconds:
            self._ring.popleft()


def needed(samples: list[Sample], at: int) -> list[Sample]:
    """Of samples, oldest first, those from the last whole one on that is not later than `at`."""
    begin = max((n for n, each in enumerate(samples) if each.whole and each.at <= at), default=0)
    return samples[begin:]
