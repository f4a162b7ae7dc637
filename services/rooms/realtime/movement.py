"""How people may move, and why a move is refused. Who judges them is hot/place.pyx."""

from dataclasses import dataclass
from enum import IntEnum


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
