from services.rooms.realtime.floor import Floor
from services.rooms.realtime.movement import Pace

class Ground:
    """What moves in one room are judged by."""

    def __init__(self, floor: Floor, pace: Pace) -> None: ...

class Place:
    """Where somebody is, as far as the server agrees: centimetres, and how much of their pace is unspent."""

    x: int
    y: int
    z: int
    def __init__(self, x: int, y: int, z: int, at: float, ground: Ground) -> None:
        """`at` in seconds of any steady clock."""

    def step(self, x: int, y: int, z: int, *, teleport: bool, now: float, ground: Ground) -> int:
        """Go there, or stay: 0, or the `Reason` why not."""
