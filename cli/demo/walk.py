"""A stroll across a floor: a heading that wanders, and turns round at the walls."""

import math
import random

from clients.python import Visit

STEP = 12.0  # centimetres a move
MARGIN = 60  # centimetres kept from the walls


class Walk:
    """Centimetres; `width` and `depth` are the floor's x and z."""

    def __init__(self, x: int, z: int, width: int, depth: int, luck: random.Random) -> None:
        self._x, self._z = float(x), float(z)
        self._width, self._depth = width, depth
        self._luck = luck
        self._heading = luck.uniform(0, math.tau)

    def step(self) -> tuple[int, int, int]:
        """The next (x, z, yaw); yaw in 360/256 degrees."""
        self._heading += self._luck.gauss(0, 0.3)
        x, z = self._x + STEP * math.cos(self._heading), self._z + STEP * math.sin(self._heading)
        if not (MARGIN < x < self._width - MARGIN and MARGIN < z < self._depth - MARGIN):
            self._heading = math.atan2(self._depth / 2 - self._z, self._width / 2 - self._x)
            x, z = self._x + STEP * math.cos(self._heading), self._z + STEP * math.sin(self._heading)
        self._x, self._z = x, z
        return round(x), round(z), round(self._heading / math.tau * 256) & 0xFF


def walk_from(visit: Visit, luck: random.Random) -> Walk:
    """From where somebody stands."""
    assert visit.welcome
    size, me = visit.welcome.floor, visit.roster.me
    x, z = (me.x, me.z) if me else (size.x // 2, size.z // 2)
    return Walk(x, z, size.x, size.z, luck)
