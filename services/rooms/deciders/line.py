"""The line before a full room: who is before whom. Kept as long as somebody asks; in no stream, for it is no fact."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody in line. Numbers grow with each newcomer; `asked_at` is when they last asked."""

    user_id: UUID
    number: int
    asked_at: datetime

    def still(self, at: datetime, patience: timedelta) -> bool:
        """Whether the place is kept: they have asked within `patience`."""
        return self.asked_at > at - patience


@dataclass(frozen=True, slots=True)
class Place:
    """A place in line, 1 for the next; lost at `until`, unless asked for again: best in `ask_after` seconds."""

    position: int
    until: datetime
    ask_after: int


def before(user: UUID, waiting: Iterable[Waiting], at: datetime, patience: timedelta) -> int:
    """How many still wait before `user`: as many seats must be free, and one more, to be given one.

    A newcomer comes last, and so does whoever has not asked for too long.
    """
    line = [each for each in waiting if each.still(at, patience)]
    mine = next((each.number for each in line if each.user_id == user), None)
    return len(line) if mine is None else sum(each.number < mine for each in line)
