"""What clients are told: the JSON frames of virtubar.v1 on their way out.

`offset` numbers what the whole room is told; the rest is for one socket.
"""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Raw, Struct, UnsetType, field
from msgspec.json import Encoder

from libs.contracts.vocabulary import Region, Theme
from services.rooms.realtime.commands import Cid
from services.rooms.realtime.frames import HEADROOM

Scope = Literal["room", "house"]
PROBLEMS: Final = "https://virtubar.dev/problems/"


class Size(Struct):
    """Centimetres."""

    x: int
    y: int
    z: int


class Welcome(Struct, tag_field="t", tag="welcome"):
    visit: UUID
    slot: int
    resume_token: str
    resumed: bool
    epoch: str
    offset: int
    tick_hz: int
    heartbeat_ms: int
    floor: Size
    limits: dict[str, int]


class Seen(Struct):
    """One member of a snapshot."""

    user: UUID
    slot: int
    profile_version: int
    away: bool
    muted: bool
    publishing: bool
    x: int
    y: int
    z: int
    yaw: int
    visit: UUID | UnsetType = UNSET  # by which a media server knows them, where one carries the voices


class Snapshot(Struct, tag_field="t", tag="snapshot"):
    epoch: str
    offset: int
    members: list[Seen]


class Joined(Struct, tag_field="t", tag="join"):
    offset: int
    user: UUID
    slot: int
    profile_version: int
    visit: UUID | UnsetType = UNSET  # as in a snapshot


class Left(Struct, tag_field="t", tag="leave"):
    offset: int
    user: UUID
    reason: str


class Away(Struct, tag_field="t", tag="away"):
    offset: int
    user: UUID


class Back(Struct, tag_field="t", tag="back"):
    offset: int
    user: UUID


class Said(Struct, tag_field="t", tag="chat"):
    offset: int
    id: UUID
    user: UUID
    text: str
    at: datetime


class Redacted(Struct, tag_field="t", tag="redact"):
    """A chat message is taken back: it is not to be shown any more."""

    offset: int
    id: UUID


class Muted(Struct, tag_field="t", tag="mute"):
    """May not speak: in this room by its host's word, or by the house's."""

    offset: int
    user: UUID
    scope: Scope
    until: datetime | UnsetType = UNSET


class Unmuted(Struct, tag_field="t", tag="unmute"):
    offset: int
    user: UUID
    scope: Scope


class Emoted(Struct, tag_field="t", tag="emote"):
    offset: int
    user: UUID
    emote: str


class Gifted(Struct, tag_field="t", tag="gift"):
    """One guest has bought another one something."""

    offset: int
    giver: UUID = field(name="from")
    to: UUID
    sku: str


class VoiceTurned(Struct, tag_field="t", tag="voice_state"):
    """Somebody's microphone was opened or closed."""

    offset: int
    user: UUID
    publishing: bool


class VoiceSignalled(Struct, tag_field="t", tag="voice_signal"):
    sender: UUID = field(name="from")
    kind: str
    data: Raw


class Kicked(Struct, tag_field="t", tag="kick"):
    """Shown the door; `leave` follows."""

    offset: int
    user: UUID
    reason: str


class RoomNow(Struct):
    """The room as it is after a change. Its name is for the API to tell."""

    id: UUID
    theme: Theme
    region: Region
    capacity: int
    is_private: bool
    is_locked: bool


class RoomUpdated(Struct, tag_field="t", tag="room_update"):
    offset: int
    room: RoomNow


class Ack(Struct, tag_field="t", tag="ack", omit_defaults=True):
    cid: Cid | None
    offset: int | UnsetType = UNSET


class Problem(Struct, tag_field="t", tag="error"):
    """What was refused, and why: `type` is stable, `title` is for people."""

    type: str
    title: str
    cid: Cid | UnsetType = UNSET
    retry_ms: int | UnsetType = UNSET


class Drain(Struct, tag_field="t", tag="drain"):
    after_ms: int


class Pong(Struct, tag_field="t", tag="pong"):
    n: int
    server_ms: int


def problem(slug: str, title: str, cid: Cid | None = None, retry_ms: int | None = None) -> Problem:
    return Problem(
        type=PROBLEMS + slug,
        title=title,
        cid=UNSET if cid is None else cid,
        retry_ms=UNSET if retry_ms is None else retry_ms,
    )


_encoder: Final = Encoder()


def encode(message: Any) -> bytearray:
    """The frame's payload with HEADROOM in front."""
    buffer = bytearray(HEADROOM)
    _encoder.encode_into(message, buffer, HEADROOM)
    return buffer
