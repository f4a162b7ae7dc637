"""What a room's stream says of it, and who may change that."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from libs.contracts.vocabulary import Region, Theme
from services.rooms.deciders.refusals import NotHost, SystemRoom

SHOWN = ("room_id", "theme", "is_private", "capacity", "region", "created_by")


@dataclass(frozen=True, slots=True)
class Facts:
    """All a room is but its name."""

    room_id: UUID
    name_mark: str | None
    theme: Theme
    is_private: bool
    capacity: int
    region: Region
    created_by: UUID | None
    is_locked: bool = False

    def impersonal(self) -> dict[str, Any]:
        """What every event of the room tells of it."""
        return {name: getattr(self, name) for name in SHOWN}

    def is_kept_by(self, user: UUID, *, moderator: bool) -> bool:
        """Whether somebody keeps order there: its host, or a moderator anywhere."""
        return moderator or self.created_by == user

    def must_be_kept_by(self, user: UUID, *, moderator: bool) -> None:
        """Raises NotHost."""
        if not self.is_kept_by(user, moderator=moderator):
            raise NotHost

    def must_be_changed_by(self, user: UUID, *, moderator: bool) -> None:
        """Raises SystemRoom for the house's own rooms, which stay as they are; NotHost."""
        if self.created_by is None:
            raise SystemRoom
        self.must_be_kept_by(user, moderator=moderator)
