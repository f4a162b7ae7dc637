"""Transforms on the wire: little-endian, fixed layouts, nothing per viewer in what goes down.

x, z: u16 centimetres from the room's origin; y: i16 centimetres; yaw: u8 of 360/256 degrees; velocity: i8 of 0.1 m/s.
Bytes 4 to 13 of a frame up are the body: what a record down holds after its slot, and what Redis holds per user.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

UP: Final = 1
DOWN: Final = 2
CORRECTION: Final = 3

UP_BYTES: Final = 14
BODY: Final = slice(4, UP_BYTES)
MOVING: Final = 1  # flags of a frame up
TELEPORT: Final = 2
KEYFRAME: Final = 1  # flags of a frame down: it names everybody in view,
HIDDEN: Final = 2  # it ends with the slots that have just gone out of view

HEADROOM: Final = 14  # picows writes the frame's header in front of the payload, in place

_UP: Final = Struct("<BBHHhHBBbb")
_STEP: Final = Struct("<xBHHhH")
_HEADER: Final = Struct("<BBHI")
_SLOT: Final = Struct("<H")
_BODY: Final = Struct("<HhHBBbb")
_CORRECTION: Final = Struct("<BBHHhHBB")
_HEADROOM: Final = bytes(HEADROOM)

read_step: Final = _STEP.unpack_from
"""`read_step(up)` -> (flags, seq, x, y, z): all of a frame up that is judged; the rest travels on as it came."""

slot_bytes: Final = _SLOT.pack


def down(records: Sequence[bytes], tick: int, *, keyframe: bool, hidden: Sequence[int] = ()) -> bytearray:
    """One tick of one room, with HEADROOM in front, so that all who see the same are sent these very bytes.

    `records` are `slot_bytes(slot) + body` (12 bytes each), `hidden` the slots that have just gone out of view.
    """
    flags = (KEYFRAME if keyframe else 0) | (HIDDEN if hidden else 0)
    header = _HEADER.pack(DOWN, flags, len(records), tick & 0xFFFFFFFF)
    if hidden:
        return bytearray(b"".join((_HEADROOM, header, *records, *map(_SLOT.pack, (len(hidden), *hidden)))))
    return bytearray(b"".join((_HEADROOM, header, *records)))


def correction(reason: int, seq: int, body: bytes) -> bytes:
    """Tells one client where it really is: the move `seq` was refused for `reason`."""
    x, y, z, yaw, _, _, _ = _BODY.unpack(body)
    return _CORRECTION.pack(CORRECTION, reason, seq, x, y, z, yaw, 0)


def body(x: int, y: int, z: int, yaw: int = 0, animation: int = 0, vx: int = 0, vz: int = 0) -> bytes:
    """A body from its fields. Raises struct.error where one does not fit."""
    return _BODY.pack(x, y, z, yaw, animation, vx, vz)


def place(transform: bytes) -> tuple[int, int, int, int]:
    """(x, y, z, yaw) of a body."""
    x, y, z, yaw, _, _, _ = _BODY.unpack(transform)
    return x, y, z, yaw


def newer(seq: int, last: int) -> bool:
    """Whether `seq` comes after `last`, modulo 2^16."""
    return 0 < ((seq - last) & 0xFFFF) < 0x8000
