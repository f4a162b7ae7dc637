"""A seat: kept for a visit, then taken by it, then given back. Part of a visitor's state."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.contracts.rooms import RoomJoin, RoomLeave, SeatRelease
from libs.contracts.vocabulary import DeviceType, JoinSource, LeaveReason, Region, ReleaseReason, Theme


@dataclass(frozen=True, slots=True)
class RoomNow:
    """A room as its locked guard row shows it; `occupied` counts held seats too."""

    room_id: UUID
    theme: Theme
    region: Region
    created_by: UUID | None
    is_private: bool
    is_open: bool
    capacity: int
    occupied: int


@dataclass(frozen=True, slots=True)
class Seat:
    """One visit's seat, as it was held."""

    visit_id: UUID
    night_id: UUID
    room_id: UUID
    user_id: UUID
    join_source: JoinSource
    device_type: DeviceType
    session_id: UUID
    issued_at: datetime  # of the access token that asked
    held_at: datetime
    expires_at: datetime

    def began_by(self, session_id: UUID | None, issued_until: datetime | None) -> bool:
        """Whether that login asked for it (None: any), with a token issued by then (None: at any time)."""
        return session_id in (None, self.session_id) and (issued_until is None or self.issued_at <= issued_until)

    def joined(self, room: RoomNow) -> RoomJoin:
        return RoomJoin(
            visit_id=self.visit_id,
            night_id=self.night_id,
            room_id=self.room_id,
            user_id=self.user_id,
            join_source=self.join_source,
            device_type=self.device_type,
            theme=room.theme,
            region=room.region,
        )

    def released(self, reason: ReleaseReason) -> SeatRelease:
        return SeatRelease(visit_id=self.visit_id, room_id=self.room_id, user_id=self.user_id, reason=reason)

    def left(self, reason: LeaveReason, at: datetime) -> RoomLeave:
        """`left_at` is never before the seat was held: a clock that runs behind does not turn a visit around."""
        return RoomLeave(
            visit_id=self.visit_id,
            room_id=self.room_id,
            user_id=self.user_id,
            reason=reason,
            left_at=max(at, self.held_at),
        )
