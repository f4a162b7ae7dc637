"""Entries of a lane as fields of a Redis stream, room:{roomId}:lane, and back."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec

from libs.safety.surface import Surface
from services.rooms.realtime.commands import Cid
from services.rooms.realtime.frames import HEADROOM
from services.rooms.realtime.lane import Entry, offset_of

_cid: Final = msgspec.json.Decoder(Cid)
_headroom: Final = bytes(HEADROOM)


def lane_key(room: UUID) -> str:
    return f"room:{room}:lane"


def fields_of(entry: Entry) -> list[str | bytes | int]:
    """Names and values, in turn; `by` is whose doing it was, as erasure looks for it."""
    fields: list[str | bytes | int] = ["at", entry.at]
    if entry.checkpoint:
        return [*fields, "checkpoint", entry.checkpoint]
    if not entry.frame or entry.redacted:
        return fields
    fields += ["frame", entry.json]
    if entry.surface is not None:
        fields += ["surface", entry.surface.value]
    if entry.about:
        fields += ["by", _ids(entry.about)]
    if entry.only is not None:
        fields += ["only", str(entry.only)]
    if entry.deaf:
        fields += ["deaf", _ids(entry.deaf)]
    if entry.chat is not None:
        fields += ["chat", str(entry.chat)]
    if entry.cid is not None:
        fields += ["cid", msgspec.json.encode(entry.cid)]
    if entry.visit is not None:
        fields += ["visit", str(entry.visit)]
    return fields


def entry_of(stream_id: bytes, fields: dict[bytes, bytes]) -> Entry:
    """Raises what a value that was never one raises."""
    said = {name.decode(): value for name, value in fields.items()}
    frame = said.get("frame")
    return Entry(
        offset=offset_of(stream_id),
        at=int(said.get("at", 0)),
        frame=bytearray(_headroom + frame if frame else b""),
        surface=Surface(said["surface"].decode()) if "surface" in said else None,
        about=_uuids(said.get("by")),
        only=_uuid(said.get("only")),
        deaf=frozenset(_uuids(said.get("deaf"))),
        chat=_uuid(said.get("chat")),
        cid=_cid.decode(said["cid"]) if "cid" in said else None,
        visit=_uuid(said.get("visit")),
        checkpoint=said.get("checkpoint", b""),
    )


def _ids(users: Iterable[UUID]) -> str:
    return ",".join(str(user) for user in users)


def _uuid(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(value.decode())


def _uuids(value: bytes | None) -> tuple[UUID, ...]:
    return tuple(UUID(each) for each in value.decode().split(",")) if value else ()
