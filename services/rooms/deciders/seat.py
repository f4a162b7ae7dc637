"""A seat: kept for a visit, then taken by it, then given back. Part of a visitor's state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.contracts.rooms import RoomJoin, RoomLeave, SeatRelease, VoiceActiveSeconds, VoiceState
from libs.contracts.vocabulary import DeviceType, JoinSource, LeaveReason, Region, ReleaseReason, Theme
from services.rooms.deciders.voice import Voice


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
    is_locked: bool = False


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
    invite_id: UUID | None = None

    def began_by(self, session_id: UUID | None, issued_until: datetime | None) -> bool:
        """Whether that login asked for it (None: any), with a token issued by then (None: at any time)."""
        return session_id in (None, self.session_id) and (issued_until is None or self.issued_at <= issued_until)

    def is_in(self, room_id: UUID | None, held_until: datetime | None) -> bool:
        """Whether it is in that room (None: any), kept since then or earlier (None: at any time)."""
        return room_id in (None, self.room_id) and (held_until is None or self.held_at <= held_until)

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

    def spoke(self, seconds: int) -> VoiceActiveSeconds:
        return VoiceActiveSeconds(visit_id=self.visit_id, room_id=self.room_id, user_id=self.user_id, seconds=seconds)

    def turned(self, voice: Voice, at: datetime, *, publishing: bool) -> Sequence[VoiceState]:
        """The microphone opened or closed, unless it is."""
        if publishing == voice.is_open:
            return []
        own = {"visit_id": self.visit_id, "room_id": self.room_id, "user_id": self.user_id}
        return [VoiceState(**own, publishing=publishing, at=max(at, self.held_at))]

    def told(
        self, voice: Voice, track: str | None, at: datetime, *, publishing: bool, guessed: bool
    ) -> Sequence[VoiceState]:
        """What a media server said, where that is news: of one track, or (of their end) of all that are open."""
        at = max(at, self.held_at)
        about = [track] if track else voice.tracks.open_since(at)
        own = {"visit_id": self.visit_id, "room_id": self.room_id, "user_id": self.user_id}
        return [
            VoiceState(**own, publishing=publishing, at=at, track=each, guessed=guessed)
            for each in about
            if voice.told(each, at, publishing=publishing, guessed=guessed) is not voice
        ]
