"""What a visit hears: the JSON frames of virtubar.v1 as types, and what becomes of the binary ones."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Raw, Struct, ValidationError, field
from msgspec.json import Decoder

from clients.python.frames import Correction, Down


class Floor(Struct, frozen=True):
    """Centimetres."""

    x: int
    y: int
    z: int


class Welcome(Struct, frozen=True, tag_field="t", tag="welcome"):
    """The socket is seated. `resumed` false: the `Snapshot` that follows is the room, forget what was before."""

    visit: UUID
    slot: int
    resume_token: str
    resumed: bool
    epoch: str
    offset: int
    tick_hz: int
    heartbeat_ms: int
    floor: Floor
    limits: dict[str, int] = {}


class Person(Struct):
    """Somebody in the room, where they were last seen. Centimetres; yaw in 360/256 degrees."""

    user: UUID
    slot: int
    profile_version: int = 0
    away: bool = False
    muted: bool = False
    publishing: bool = False
    x: int = 0
    y: int = 0
    z: int = 0
    yaw: int = 0
    visit: UUID | None = None  # by which a media server knows them


class Snapshot(Struct, frozen=True, tag_field="t", tag="snapshot"):
    epoch: str
    offset: int
    members: list[Person]


class Joined(Struct, frozen=True, tag_field="t", tag="join"):
    offset: int
    user: UUID
    slot: int
    profile_version: int = 0
    visit: UUID | None = None  # by which a media server knows them, where one carries the voices


class Left(Struct, frozen=True, tag_field="t", tag="leave"):
    offset: int
    user: UUID
    reason: str


class Away(Struct, frozen=True, tag_field="t", tag="away"):
    """Out of view; the seat is kept."""

    offset: int
    user: UUID


class Back(Struct, frozen=True, tag_field="t", tag="back"):
    offset: int
    user: UUID


class Said(Struct, frozen=True, tag_field="t", tag="chat"):
    offset: int
    id: UUID
    user: UUID
    text: str
    at: datetime


class Redacted(Struct, frozen=True, tag_field="t", tag="redact"):
    """A chat message was taken back: show it no longer."""

    offset: int
    id: UUID


class Muted(Struct, frozen=True, tag_field="t", tag="mute"):
    """May not speak, by this room's host (`room`) or by the house."""

    offset: int
    user: UUID
    scope: str
    until: datetime | None = None


class Unmuted(Struct, frozen=True, tag_field="t", tag="unmute"):
    offset: int
    user: UUID
    scope: str


class Emoted(Struct, frozen=True, tag_field="t", tag="emote"):
    offset: int
    user: UUID
    emote: str


class Gifted(Struct, frozen=True, tag_field="t", tag="gift"):
    """One guest bought another one something, which the room sees."""

    offset: int
    to: UUID
    sku: str
    giver: UUID = field(name="from")


class VoiceTurned(Struct, frozen=True, tag_field="t", tag="voice_state"):
    """Somebody's microphone was opened or closed."""

    offset: int
    user: UUID
    publishing: bool


class VoiceSignalled(Struct, frozen=True, tag_field="t", tag="voice_signal"):
    """From another browser, for this one."""

    kind: str
    data: Raw
    sender: UUID = field(name="from")


class Kicked(Struct, frozen=True, tag_field="t", tag="kick"):
    """Shown the door; `Left` follows."""

    offset: int
    user: UUID
    reason: str


class RoomNow(Struct, frozen=True):
    """The room after a change. Its name is for the API to tell."""

    id: UUID
    theme: str
    region: str
    capacity: int
    is_private: bool
    is_locked: bool = False


class RoomUpdated(Struct, frozen=True, tag_field="t", tag="room_update"):
    offset: int
    room: RoomNow


class Ack(Struct, frozen=True, tag_field="t", tag="ack"):
    """A command is done; `offset` of what the room was told of it."""

    cid: str | int | None = None
    offset: int | None = None


class Problem(Struct, frozen=True, tag_field="t", tag="error"):
    type: str
    title: str
    cid: str | int | None = None
    retry_ms: int | None = None

    @property
    def slug(self) -> str:
        return self.type.rpartition("/")[2]


class Drain(Struct, frozen=True, tag_field="t", tag="drain"):
    """The room moves to another node; this client follows by itself."""

    after_ms: int = 0


class Pong(Struct, frozen=True, tag_field="t", tag="pong"):
    n: int
    server_ms: int


class Reconnecting(Struct, frozen=True):
    """The socket is gone; the visit goes on when the next `Welcome` comes."""

    code: int


class Over(Struct, frozen=True):
    """The visit has ended: the last event there is."""

    code: int
    reason: str = ""


Heard = (
    Joined
    | Left
    | Away
    | Back
    | Said
    | Redacted
    | Muted
    | Unmuted
    | Emoted
    | Gifted
    | VoiceTurned
    | Kicked
    | RoomUpdated
)
"""What the whole room is told."""
Told = Welcome | Snapshot | Heard | VoiceSignalled | Ack | Problem | Drain | Pong
Event = Told | Down | Correction | Reconnecting | Over
_DECODER: Final = Decoder(Told)


def read(data: bytes) -> Told | None:
    """A JSON frame; None for one of a newer protocol, which is not for us. Raises msgspec.DecodeError."""
    try:
        told: Told = _DECODER.decode(data)
    except ValidationError:
        return None
    return told
