from services.rooms.realtime.hot.mover import Mover
from services.rooms.realtime.hot.place import Ground

class Stage:
    @property
    def ground(self) -> Ground: ...
    @property
    def shown(self) -> dict[int, Mover]:
        """By slot, in the order in which they came into view. Not to be changed from outside."""

    def __init__(self, ground: Ground) -> None: ...
    def enter(self, mover: Mover) -> None: ...
    def leave(self, mover: Mover) -> None: ...
    def move(self, mover: Mover, up: bytes, now: float) -> int:
        """Take a frame up (14 bytes): 0, or the `Reason` it was refused for."""

    def changes(self) -> tuple[list[Mover], list[Mover]]:
        """Who in view moved since this was last asked, and who went out of view."""
