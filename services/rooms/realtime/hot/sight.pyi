from services.rooms.realtime.hot.mover import Mover
from services.rooms.realtime.hot.stage import Stage

def gather(stage: Stage, moved: list[Mover]) -> None:
    """Make ready for the frames of one room's tick: who is in view, and who of them moved."""

class Sight:
    blind: set[Mover]  # never shown
    @property
    def viewer(self) -> Mover: ...
    def __init__(self, viewer: Mover) -> None:
        """Of somebody who has been shown nobody yet."""

    def knows(self, stage: Stage, gone: list[Mover]) -> None:
        """Of somebody who has been shown everybody, as far as the tick before. `gone`: in view then, and not now."""

    def frame(self, tick: int, nearest: int, keyframe: bool, look: bool) -> bytearray | None:
        """The viewer's frame from what was gathered last; None where there is nothing new.

        `look`: choose again who is in view; else those stay who are still there.
        """
