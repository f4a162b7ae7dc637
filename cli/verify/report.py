"""What a verification found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MOST: Final = 20  # problems of one kind that are spelt out


@dataclass
class Count:
    """One event's figures. `missing`: not in the lake, or not in a topic that should still have it."""

    committed: int = 0
    topic: int = 0
    lake: int = 0
    missing: int = 0
    doubled: int = 0
    changed: int = 0


@dataclass
class Report:
    """`problems` are sentences; `notes` are worth knowing and no fault."""

    events: dict[str, Count] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.problems and not any(c.missing or c.doubled or c.changed for c in self.events.values())

    def name(self, problems: Sequence[str], rest: str) -> None:
        """Spell out the first of them; `rest` says what the others are."""
        self.problems += problems[:MOST]
        if len(problems) > MOST:
            self.problems.append(f"… and {len(problems) - MOST:,} more: {rest}")

    def document(self) -> Mapping[str, Any]:
        """As `virtubar verify --json` prints it."""
        events = {name: vars(count) for name, count in sorted(self.events.items())}
        return {"clean": self.clean, "events": events, "problems": self.problems, "notes": self.notes}
