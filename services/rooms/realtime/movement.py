"""Whether a move may be: speed, bounds and teleports, judged on the server."""

from dataclasses import dataclass
from enum import IntEnum
from math import sqrt

from services.rooms.realtime.floor import Floor


class Reason(IntEnum):
    """Why a move was refused: byte 1 of a correction."""

    SPEED = 1
    BOUNDS = 2
    TELEPORT = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast people are."""

    speed: float = 800.0  # cm/s over any longer time: a sprint, and some
    stride: float = 800.0  # cm at once, after standing still or a hiccup of the network
    teleport_every: float = 3.0  # seconds


class Place:
    """Where somebody is, as far as the server agrees: centimetres, and how much of their pace is unspent."""

    __slots__ = ("at", "left", "teleported", "x", "y", "z")

    def __init__(self, x: int, y: int, z: int, at: float, pace: Pace) -> None:
        self.x, self.y, self.z = x, y, z
        self.at = at  # seconds of any steady clock
        self.left = pace.stride
        self.teleported = float("-inf")

    def step(self, x: int, y: int, z: int, *, teleport: bool, now: float, floor: Floor, pace: Pace) -> Reason | None:
        """Go there, or say why not (and stay)."""
        if not floor.holds(x, y, z):
            return Reason.BOUNDS
        if teleport:
            if now - self.teleported < pace.teleport_every:
                return Reason.TELEPORT
            self.teleported = now
        else:
            dx, dy, dz = x - self.x, y - self.y, z - self.z
            self.left = min(pace.stride, self.left + pace.speed * (now - self.at))
            self.at = now
            way = sqrt(dx * dx + dy * dy + dz * dz)
            if way > self.left:
                return Reason.SPEED
            self.left -= way
        self.x, self.y, self.z = x, y, z
        return None
