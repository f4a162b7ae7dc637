"""A sanction as it is imposed, as it stands, and who may."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from libs.contracts.vocabulary import ReasonCode, SanctionKind

MOMENTARY: Final = frozenset({"warn", "kick"})
"""Over as soon as they are imposed: nothing of them is left to lift."""

Phase = Literal["needs_second_approver", "in_force", "over"]


def rank(roles: Iterable[str]) -> int:
    """Whom one may sanction: those of a lower rank."""
    held = set(roles)
    return 2 if "operator" in held else 1 if "moderator" in held else 0


@dataclass(frozen=True, slots=True)
class Moderator:
    """Who acts, and how high they stand."""

    user_id: UUID
    rank: int = 1


@dataclass(frozen=True, slots=True)
class Measure:
    """A sanction as it is imposed. `until` None: for good."""

    sanction_id: UUID
    user_id: UUID
    kind: SanctionKind
    reason_code: ReasonCode
    room_id: UUID | None = None
    until: datetime | None = None
    report_id: UUID | None = None

    @property
    def needs_two(self) -> bool:
        return self.kind == "ban" and self.until is None


@dataclass(frozen=True, slots=True)
class Objection:
    """An appeal; `by` None: nobody has judged it yet."""

    appeal_id: UUID
    by: UUID | None = None
    upheld: bool = False


@dataclass(frozen=True, slots=True)
class Sanction:
    """`by` imposed or proposed it, `approved_by` was the second."""

    measure: Measure
    by: UUID
    phase: Phase
    approved_by: UUID | None = None
    appeal: Objection | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A person's sanctions, in the order they were imposed."""

    sanctions: tuple[Sanction, ...] = ()

    def find(self, sanction_id: UUID) -> Sanction | None:
        return next((each for each in self.sanctions if each.measure.sanction_id == sanction_id), None)

    def appealed(self, appeal_id: UUID) -> Sanction | None:
        """The one that this appeal is about."""
        return next((each for each in self.sanctions if each.appeal and each.appeal.appeal_id == appeal_id), None)

    @property
    def in_force(self) -> tuple[Sanction, ...]:
        return tuple(each for each in self.sanctions if each.phase == "in_force")

    def having(self, sanction: Sanction) -> "Record":
        """With this sanction as it stands now."""
        if self.find(sanction.measure.sanction_id) is None:
            return Record((*self.sanctions, sanction))
        id = sanction.measure.sanction_id
        return Record(tuple(sanction if each.measure.sanction_id == id else each for each in self.sanctions))
