"""Transforms on the wire: little-endian, fixed layouts, nothing per viewer in what goes down.

x, z: u16 centimetres from the room's origin; y: i16 centimetres; yaw: u8 of 360/256 degrees; velocity: i8 of 0.1 m/s.
Bytes 4 to 13 of a frame up are the body: what a record down holds after its slot, and what Redis holds per user.
"""

from struct import Struct
from typing import Final

from services.rooms.realtime.hot.down import HEADROOM as HEADROOM
from services.rooms.realtime.hot.down import down as down

UP: Final = 1
DOWN: Final = 2
CORRECTION: Final = 3

UP_BYTES: Final = 14
MOVING: Final = 1  # flags of a frame up
TELEPORT: Final = 2
KEYFRAME: Final = 1  # flags of a frame down: it names everybody in view,
HIDDEN: Final = 2  # it ends with the slots that have just gone out of view

_BODY: Final = Struct("<HhHBBbb")
_CORRECTION: Final = Struct("<BBHHhHBB")


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
