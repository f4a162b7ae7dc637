"""The floor of a room: how big it is, where people come in, and how far they may go in a given time."""

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

from libs.contracts.vocabulary import Theme
from services.rooms.realtime import frames

GOLDEN: Final = pi * (3 - 5**0.5)  # successive slots land side by side, never on top of each other


@dataclass(frozen=True, slots=True)
class Floor:
    """Sizes in centimetres. A place is on the floor when 0 <= each coordinate <= its size."""

    x: int
    y: int
    z: int

    def holds(self, x: int, y: int, z: int) -> bool:
        return x <= self.x and z <= self.z and 0 <= y <= self.y  # x and z are unsigned on the wire

    def entrance(self, slot: int) -> bytes:
        """The body of somebody who just came in: around the middle, apart from the others."""
        reach = min(self.x, self.z) * 0.4 * ((slot % 1000 + 0.5) / 1000) ** 0.5
        angle = slot * GOLDEN
        return frames.body(round(self.x / 2 + reach * cos(angle)), 0, round(self.z / 2 + reach * sin(angle)))


FLOORS: Final[dict[Theme, Floor]] = {
    "lounge": Floor(2_400, 400, 1_800),
    "dance": Floor(4_000, 600, 4_000),
    "sports": Floor(6_000, 800, 4_000),
}
