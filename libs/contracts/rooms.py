"""Rooms' facts: rooms, visits and nights. Seat holds and microphones are stored, never published."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from libs.contracts.event import Event, Personal
from libs.contracts.topic import Topic
from libs.contracts.vocabulary import (
    Capacity,
    DeviceType,
    Instant,
    JoinSource,
    LeaveReason,
    Region,
    ReleaseReason,
    Seconds,
    Sha256,
    Theme,
    TrackId,
    UserId,
)

ROOM = Topic(producer="rooms", stream="room", partitions=6)
HIDDEN_ROOM = Topic(producer="rooms", stream="room", audience="restricted", partitions=6)
VISITOR = Topic(producer="rooms", stream="visitor", partitions=6)
EVIDENCE = Topic(producer="rooms", stream="evidence", audience="restricted", partitions=6)
OWNER = ("created_by", "room_id")  # system rooms have no creator

NameMark = Sha256 | None
"""An HMAC of the name under the subject's key: the same name is known again, and not told."""


class RoomCreate(Event):
    """A room opened its doors."""

    TOPIC = ROOM
    SUBJECT = OWNER
    room_id: UUID
    name: Personal[str] = None
    name_mark: NameMark = None
    theme: Theme
    is_private: bool
    capacity: Capacity
    region: Region
    created_by: UserId | None


class RoomUpdate(Event):
    """The whole room as it stands after a change."""

    TOPIC = ROOM
    SUBJECT = OWNER
    room_id: UUID
    name: Personal[str] = None
    name_mark: NameMark = None
    theme: Theme
    is_private: bool
    capacity: Capacity
    region: Region
    created_by: UserId | None
    is_locked: bool = False  # to all but its host, moderators and invited people


class RoomClose(Event):
    """A room closed for good, as it stood."""

    TOPIC = ROOM
    SUBJECT = OWNER
    room_id: UUID
    name: Personal[str] = None
    theme: Theme
    is_private: bool
    capacity: Capacity
    region: Region
    created_by: UserId | None


class RoomMute(Event):
    """Nobody in the room hears or reads `user_id` until then, or until `room_unmute`. A sanction: about its target."""

    TOPIC = HIDDEN_ROOM
    room_id: UUID
    user_id: UserId
    by_user_id: UserId
    until: Instant | None = None


class RoomUnmute(Event):
    """The room hears and reads `user_id` again."""

    TOPIC = HIDDEN_ROOM
    room_id: UUID
    user_id: UserId
    by_user_id: UserId


class RoomInvite(Event):
    """A one-use way in; for anyone where `user_id` is null."""

    TOPIC = ROOM
    SUBJECT = ("inviter_user_id",)
    invite_id: UUID
    room_id: UUID
    inviter_user_id: UserId
    user_id: UserId | None = None
    expires_at: Instant | None = None


class SeatHold(Event):
    """A seat is kept until `expires_at` for somebody on the way. Counts against the capacity."""

    visit_id: UUID
    night_id: UUID
    room_id: UUID
    user_id: UserId
    join_source: JoinSource
    device_type: DeviceType
    session_id: UUID
    issued_at: Instant  # of the access token that asked: a revocation spares later ones
    held_at: Instant
    expires_at: Instant
    invite_id: UUID | None = None  # the one that was used up by it


class SeatRelease(Event):
    """A kept seat was given back; nobody had come."""

    visit_id: UUID
    room_id: UUID
    user_id: UserId
    reason: ReleaseReason


class RoomJoin(Event):
    """Somebody walked in: the first hello on the socket."""

    TOPIC = VISITOR
    visit_id: UUID
    night_id: UUID
    room_id: UUID
    user_id: UserId
    join_source: JoinSource
    device_type: DeviceType
    theme: Theme
    region: Region


class RoomLeave(Event):
    """A visit ended. `left_at` is the last sign of life where nobody said goodbye."""

    TOPIC = VISITOR
    visit_id: UUID
    room_id: UUID
    user_id: UserId
    reason: LeaveReason
    left_at: Instant


class VoiceState(Event):
    """A microphone was opened or closed during a visit, at `at`: what `voice_active_seconds` is the sum of.

    A media server speaks of tracks, one for each time that a microphone is opened, and its words come in any order;
    what nobody said, and only a look at it showed, is `guessed`.
    """

    visit_id: UUID
    room_id: UUID
    user_id: UserId
    publishing: bool
    at: Instant
    track: TrackId | None = None
    guessed: bool = False


class VoiceActiveSeconds(Event):
    """How long somebody's microphone was open during a visit."""

    TOPIC = VISITOR
    visit_id: UUID
    room_id: UUID
    user_id: UserId
    seconds: Seconds


class SessionDuration(Event):
    """A night at the bar, from the first seat to the last leave, over however many visits."""

    TOPIC = VISITOR
    night_id: UUID
    user_id: UserId
    seconds: Seconds
    visits: Annotated[int, Field(ge=1)]


class EvidenceSeal(Event):
    """What happened in a room before a report was sealed; `sha256` is of the canonical document.

    `from` is where what is known begins: later than two minutes before the report where no more was retained.
    """

    TOPIC = EVIDENCE
    SUBJECT = ("room_id",)
    report_id: UUID
    room_id: UUID
    sha256: Sha256
    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
