"""What a report is at a time: open, in a moderator's hands, or closed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from libs.contracts.vocabulary import ReportOutcome


@dataclass(frozen=True, slots=True)
class Unfiled:
    kind: Literal["unfiled"] = "unfiled"


@dataclass(frozen=True, slots=True)
class Parties:
    """Whose case it is, and against whom."""

    report_id: UUID
    reporter: UUID
    reported: UUID


@dataclass(frozen=True, slots=True)
class Open:
    case: Parties
    kind: Literal["open"] = "open"


@dataclass(frozen=True, slots=True)
class Reviewing:
    case: Parties
    by: UUID | None
    until: datetime | None
    kind: Literal["reviewing"] = "reviewing"

    def lapsed(self, at: datetime) -> bool:
        return self.until is None or at >= self.until

    def held_by(self, moderator: UUID, at: datetime) -> bool:
        return self.by == moderator and not self.lapsed(at)


@dataclass(frozen=True, slots=True)
class Closed:
    case: Parties
    by: UUID | None
    outcome: ReportOutcome
    sanction_id: UUID | None
    forgotten: bool = False
    kind: Literal["closed"] = "closed"


Report = Unfiled | Open | Reviewing | Closed
