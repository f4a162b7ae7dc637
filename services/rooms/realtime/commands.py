"""What clients say: the JSON frames of virtubar.v1 on their way in. `t` tells them apart; more members are ignored."""

from typing import Annotated, Final
from uuid import UUID

from msgspec import DecodeError, Meta, Raw, Struct, ValidationError
from msgspec.json import Decoder

Cid = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""The client's own command id: unique in its visit, echoed as it came. Bounded, because many of them are kept."""
Number = Annotated[int, Meta(gt=-(2**53), lt=2**53)]
"""What every language reads as it was written; a number of thousands of digits is none."""
Span = Annotated[int, Meta(ge=1, le=366 * 24 * 3600)]
"""Seconds."""


class Malformed(Exception):
    """Not a frame of this protocol: the socket closes with 4000."""


class Hello(Struct, tag_field="t", tag="hello"):
    ticket: str | None = None
    resume_token: str | None = None
    epoch: str | None = None
    offset: Number | None = None


class Auth(Struct, tag_field="t", tag="auth"):
    token: str


class Ping(Struct, tag_field="t", tag="ping"):
    n: Number = 0


class Leave(Struct, tag_field="t", tag="leave"):
    cid: Cid | None = None


class Chat(Struct, tag_field="t", tag="chat"):
    cid: Cid
    text: str


class Emote(Struct, tag_field="t", tag="emote"):
    cid: Cid
    emote: str


class VoiceSignal(Struct, tag_field="t", tag="voice_signal"):
    """From browser to browser: `data` is theirs, and passed on as it came."""

    cid: Cid
    to: UUID
    kind: str
    data: Raw


class VoiceState(Struct, tag_field="t", tag="voice_state"):
    cid: Cid
    publishing: bool


class Mute(Struct, tag_field="t", tag="mute"):
    """`seconds` left out: until further notice."""

    cid: Cid
    user: UUID
    seconds: Span | None = None


class Unmute(Struct, tag_field="t", tag="unmute"):
    cid: Cid
    user: UUID


class Kick(Struct, tag_field="t", tag="kick"):
    cid: Cid
    user: UUID
    seconds: Span | None = None


class Redact(Struct, tag_field="t", tag="redact"):
    """Take back a chat message, one's own or, as a host or moderator, another's: `id` as `chat` said it."""

    cid: Cid
    id: UUID


class Unknown(Struct):
    """A command this node does not do, perhaps of a newer protocol."""

    t: str
    cid: Cid | None = None


OrderCommand = Mute | Unmute | Kick
Command = Hello | Auth | Ping | Leave | Chat | Redact | Emote | VoiceSignal | VoiceState | OrderCommand
_KNOWN: Final = Decoder(Command)
_LOOSE: Final = Decoder(Unknown)
_NAMES: Final = frozenset(
    {
        "hello", "auth", "ping", "leave", "chat", "redact", "emote", "voice_signal", "voice_state", "mute", "unmute",
        "kick",
    }
)  # fmt: skip


def read(data: bytes) -> Command | Unknown:
    """Raises Malformed for what is no JSON object with a `t`, or a known command with a field of another type."""
    try:
        command: Command = _KNOWN.decode(data)
        if isinstance(command, VoiceSignal):
            bytes(command.data).decode()  # nobody else looks into it, and browsers hang up on what is no UTF-8
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
