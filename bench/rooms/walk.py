"""How the avatars of a benchmark move: in circles, 15 times a second, each move stamped with the moment it was made.

The stamp is in the two velocities, which nobody judges: half milliseconds modulo 2^16, multiplied so that both bytes
differ from move to move, as velocities do on a curve. Of a move therefore change x, z, yaw and both velocities.
"""

from collections.abc import Sequence
from math import cos, pi, sin
from time import monotonic
from typing import Final, NamedTuple

HZ: Final = 15
ROUND_SECONDS: Final = 6
RADIUS: Final = 110  # cm: 1.15 m/s
STEPS: Final = HZ * ROUND_SECONDS
UNIT: Final = 2000  # stamps a second

_MIX, _MIX_BACK = 40_503, pow(40_503, -1, 1 << 16)


class Stand(NamedTuple):
    x: int
    z: int
    yaw: int


def circle(x: int, z: int, middle_x: int, middle_z: int) -> Sequence[Stand]:
    """A walk that starts here and keeps to the side of the middle."""
    dx, dz = middle_x - x, middle_z - z
    far = max((dx * dx + dz * dz) ** 0.5, 1.0)
    cx, cz = x + RADIUS * dx / far, z + RADIUS * dz / far
    angles = [2 * pi * n / STEPS for n in range(STEPS)]
    ox, oz = x - cx, z - cz
    return [
        Stand(
            round(cx + ox * cos(angle) - oz * sin(angle)),
            round(cz + ox * sin(angle) + oz * cos(angle)),
            round(256 * angle / (2 * pi)) & 0xFF,
        )
        for angle in angles
    ]


def now() -> int:
    """In stamps' units, by the machine's steady clock."""
    return int(monotonic() * UNIT)


def stamp(at: int) -> int:
    """The two bytes of a moment."""
    return (at * _MIX) & 0xFFFF


def moment(stamped: int, seen: int) -> int:
    """When a stamp was made that was seen then, half a minute ago at the most."""
    return seen - ((seen - stamped * _MIX_BACK) & 0xFFFF)
