"""What a visitor may be asked to do, or have done to them: the commands of stream `visitor-{user}`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.contracts.vocabulary import DeviceType, JoinSource, LeaveReason
from services.rooms.deciders.seat import RoomNow


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep a seat in `room` until `expires_at`, giving up any other. The ids are for a new visit and a new night."""

    user_id: UUID
    room: RoomNow
    visit_id: UUID
    night_id: UUID
    session_id: UUID
    issued_at: datetime  # of the access token that asks
    device_type: DeviceType
    join_source: JoinSource
    at: datetime
    expires_at: datetime
    night_gap: timedelta
    barred: bool = False  # by a sanction
    moderator: bool = False
    invite_id: UUID | None = None  # unused so far: it opens the room, and is used up by the seat
    before: int = 0  # how many wait in line before this one

    @property
    def invited(self) -> bool:
        """Whether the room opens also where it is locked or private."""
        return bool(self.moderator or self.invite_id or self.room.created_by == self.user_id)


@dataclass(frozen=True, slots=True)
class Enter:
    """Turn the held seat into a visit; where it is too late, or the room closed or shrank meanwhile, give it back."""

    visit_id: UUID
    room: RoomNow
    at: datetime
    last_heartbeat: datetime | None = None  # of a visit that went on before on another socket


@dataclass(frozen=True, slots=True)
class Leave:
    """End the visit, or give the held seat back. Nothing happens where another visit goes on by now."""

    visit_id: UUID
    reason: LeaveReason
    left_at: datetime


@dataclass(frozen=True, slots=True)
class Revoke:
    """End a visit that the login `session_id` began (None: any) with a token issued by `issued_until` (None: any)."""

    reason: LeaveReason
    at: datetime
    session_id: UUID | None = None
    issued_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expel:
    """End a visit in `room_id` (None: anywhere) that began by `held_until` (None: at any time)."""

    reason: LeaveReason
    at: datetime
    room_id: UUID | None = None
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expire:
    """End the visit if its hold has run out, or if its visitor has been silent for `silence`."""

    visit_id: UUID
    at: datetime
    last_heartbeat: datetime
    silence: timedelta


@dataclass(frozen=True, slots=True)
class Speak:
    """Open the microphone, or close it."""

    visit_id: UUID
    publishing: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Tell:
    """What a media server says of one of the visit's microphones (None: of all). `guessed`: see deciders/tracks.py."""

    visit_id: UUID
    track: str | None
    publishing: bool
    at: datetime
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class EndNight:
    """Close the books on a night whose last leave is `night_gap` ago."""

    at: datetime
    night_gap: timedelta


Command = Hold | Enter | Leave | Revoke | Expel | Expire | Speak | Tell | EndNight
