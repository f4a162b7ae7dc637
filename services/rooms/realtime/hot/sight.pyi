from collections.abc import Iterable, Set

from services.rooms.realtime.hot.line import Line
from services.rooms.realtime.hot.mover import Mover
from services.rooms.realtime.hot.stage import Stage

def gather(stage: Stage, moved: list[Mover]) -> None:
    """Make ready for the frames of one room's tick: who is in view, and who of them moved."""

class Sight:
    blind: set[Mover]  # never shown
    def __init__(self, line: Line) -> None:
        """Of a socket with a member, that has been shown nobody yet."""

    def knows(self, stage: Stage, gone: list[Mover]) -> None:
        """It has been shown everybody, as far as the tick before. `gone`: in view then, and not now."""

def show_own(sights: Iterable[Sight], tick: int, nearest: int, look_every: int, owed: Set[Line]) -> list[Line]:
    """Send each its own frame from what was gathered last, if there is anything new; a keyframe to those `owed` one.

    Every `look_every` ticks each chooses again who is nearest; between, those stay who are still there. Returns those
    that still wait to read older frames.
    """
