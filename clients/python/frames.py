"""The binary frames as a client sees them: docs/realtime.md in code. Little-endian, centimetres."""

from dataclasses import dataclass
from struct import Struct, error
from typing import Final, NamedTuple

_UP: Final = Struct("<BBHHhHBBbb")
_DOWN: Final = Struct("<BBHI")
_RECORD: Final = Struct("<HHhHBBbb")
_CORRECTION: Final = Struct("<BBHHhHBx")


class Record(NamedTuple):
    """Where the avatar of `slot` is. yaw: 360/256 degrees; vx, vz: 0.1 m/s."""

    slot: int
    x: int
    y: int
    z: int
    yaw: int
    animation: int
    vx: int
    vz: int


@dataclass(frozen=True, slots=True)
class Down:
    """One tick. A keyframe names everybody in view, any other frame those who changed; `hidden` are gone from view."""

    tick: int
    keyframe: bool
    records: tuple[Record, ...]
    hidden: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """The move `seq` was refused: go back there. reason: 1 speed, 2 bounds, 3 teleport."""

    reason: int
    seq: int
    x: int
    y: int
    z: int
    yaw: int


def up(
    *, seq: int, x: int, y: int, z: int, yaw: int = 0, animation: int = 0, vx: int = 0, vz: int = 0,
    moving: bool = False, teleport: bool = False,
) -> bytes:  # fmt: skip
    """My own place, 14 bytes."""
    return _UP.pack(1, moving | teleport << 1, seq & 0xFFFF, x, y, z, yaw & 0xFF, animation, vx, vz)


def read(data: bytes) -> Down | Correction:
    """A binary frame from the node. Raises ValueError for anything else."""
    try:
        if data[:1] == b"\x03":
            _, *fields = _CORRECTION.unpack(data)
            return Correction(*fields)
        kind, flags, n, tick = _DOWN.unpack_from(data)
        end = _DOWN.size + n * _RECORD.size
        if kind != 2 or len(data) < end:
            raise ValueError("not a frame down")
        records = tuple(map(Record._make, _RECORD.iter_unpack(data[_DOWN.size : end])))
        return Down(tick, bool(flags & 1), records, _hidden(data[end:]) if flags & 2 else ())
    except error as reason:
        raise ValueError(str(reason)) from None


def _hidden(data: bytes) -> tuple[int, ...]:
    (m,) = Struct("<H").unpack_from(data)
    slots: tuple[int, ...] = Struct(f"<{m}H").unpack_from(data, 2)
    return slots
