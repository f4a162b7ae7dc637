"""A night at the bar: from the first seat to the last leave, however many visits. Part of a visitor's state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from libs.contracts.rooms import SessionDuration


@dataclass(frozen=True, slots=True)
class Night:
    """`began_at` is when the first seat was held that was taken; `left_at` is None while a visit goes on."""

    night_id: UUID
    user_id: UUID
    began_at: datetime
    visits: int = 1
    left_at: datetime | None = None

    def another_visit(self) -> "Night":
        return replace(self, visits=self.visits + 1, left_at=None)

    def left(self, at: datetime) -> "Night":
        return replace(self, left_at=at)


def end_of_night(night: Night | None, at: datetime, gap: timedelta) -> Sequence[SessionDuration]:
    """The night's length, once no seat has followed its last leave for `gap`."""
    if night is None or night.left_at is None or at < night.left_at + gap:
        return []
    seconds = max(0, round((night.left_at - night.began_at).total_seconds()))
    return [SessionDuration(night_id=night.night_id, user_id=night.user_id, seconds=seconds, visits=night.visits)]
