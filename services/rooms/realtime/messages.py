"""The JSON frames of virtubar.v1, both ways. `t` tells them apart; fields nobody knows are ignored."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, DecodeError, Meta, Struct, UnsetType, ValidationError
from msgspec.json import Decoder, Encoder

from services.rooms.realtime.frames import HEADROOM

Cid = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""The client's own command id: unique in its visit, echoed as it came. Bounded, because many of them are kept."""
Scope = Literal["room", "house"]
PROBLEMS: Final = "https://virtubar.dev/problems/"


class Malformed(Exception):
    """Not a frame of this protocol: the socket closes with 4000."""


# Client to server


class Hello(Struct, tag_field="t", tag="hello"):
    ticket: str | None = None
    resume_token: str | None = None
    epoch: str | None = None
    offset: int | None = None


class Auth(Struct, tag_field="t", tag="auth"):
    token: str


class Ping(Struct, tag_field="t", tag="ping"):
    n: int = 0


class Leave(Struct, tag_field="t", tag="leave"):
    cid: Cid | None = None


class Chat(Struct, tag_field="t", tag="chat"):
    cid: Cid
    text: str


class Unknown(Struct):
    """A command this node does not do, perhaps of a newer protocol."""

    t: str
    cid: Cid | None = None


Command = Hello | Auth | Ping | Leave | Chat
_KNOWN: Final = Decoder(Command)
_LOOSE: Final = Decoder(Unknown)
_NAMES: Final = frozenset({"hello", "auth", "ping", "leave", "chat"})


def read(data: bytes) -> Command | Unknown:
    """Raises Malformed for what is no JSON object with a `t`, or a known command with a field of another type."""
    try:
        command: Command = _KNOWN.decode(data)
        return command
    except (DecodeError, UnicodeDecodeError, RecursionError) as reason:
        if isinstance(reason, ValidationError):
            return _unknown(data, reason)
        raise Malformed(str(reason)) from None


def _unknown(data: bytes, reason: ValidationError) -> Unknown:
    try:
        command = _LOOSE.decode(data)
    except (DecodeError, UnicodeDecodeError, RecursionError) as worse:
        raise Malformed(str(worse)) from None
    if command.t in _NAMES:
        raise Malformed(str(reason))
    return command


# Server to client. `offset` numbers what the whole room is told; the rest is for one socket.


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
    x: int
    y: int
    z: int
    yaw: int


class Snapshot(Struct, tag_field="t", tag="snapshot"):
    epoch: str
    offset: int
    members: list[Seen]


class Joined(Struct, tag_field="t", tag="join"):
    offset: int
    user: UUID
    slot: int
    profile_version: int


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
