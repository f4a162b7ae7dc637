"""A sanction as rooms knows it: imposed, lifted, over at its time. Pure: tables and nodes fold the same way."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.moderation import SanctionLift, SanctionUser
from libs.contracts.vocabulary import LeaveReason, SanctionKind

ENDS: Final[dict[SanctionKind, LeaveReason]] = {
    "kick": "kicked",
    "room_ban": "kicked",
    "suspend": "sanctioned",
    "ban": "sanctioned",
}
"""What a visit ends with, by the kind of the sanction that ends it."""
BARS: Final[frozenset[SanctionKind]] = frozenset({"room_ban", "suspend", "ban"})
"""Those that keep somebody out for as long as they hold."""


@dataclass(frozen=True, slots=True)
class Sanction:
    """What has been heard of one so far; the places are those in its stream."""

    sanction_id: UUID
    user_id: UUID
    kind: SanctionKind | None = None
    room_id: UUID | None = None
    until: datetime | None = None
    imposed_at: datetime | None = None
    place: int | None = None
    lifted_place: int | None = None

    def holds(self, at: datetime) -> bool:
        """In force: known, not lifted since, and not over by itself."""
        imposed = self.place is not None and self.place > (self.lifted_place or 0)
        return imposed and (self.until is None or at < self.until)

    def concerns(self, room_id: UUID) -> bool:
        """In that room; a sanction without a room is the whole house's."""
        return self.room_id in (None, room_id)

    def bars(self, room_id: UUID, at: datetime) -> bool:
        return self.kind in BARS and self.concerns(room_id) and self.holds(at)

    def mutes(self, room_id: UUID, at: datetime) -> bool:
        return self.kind == "mute" and self.concerns(room_id) and self.holds(at)

    def merged(self, other: "Sanction") -> "Sanction":
        """What the two know together: the newest of each side, whichever was heard first."""
        newest = other if (other.place or 0) > (self.place or 0) else self
        lifted = max(self.lifted_place or 0, other.lifted_place or 0)
        return replace(newest, lifted_place=lifted or None)


def heard(event: Event, place: int, at: datetime) -> Sanction | None:
    """What one event of a `safety-{user}` stream says of a sanction, `place` being where; None for any other."""
    match event:
        case SanctionUser(sanction_id=sanction, user_id=user, kind=kind, room_id=room, until=until):
            return Sanction(sanction, user, kind, room, until, at, place)
        case SanctionLift(sanction_id=sanction, user_id=user):
            return Sanction(sanction, user, lifted_place=place)
    return None
