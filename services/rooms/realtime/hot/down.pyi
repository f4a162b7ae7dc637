from collections.abc import Sequence
from typing import Final

from services.rooms.realtime.hot.mover import Mover

HEADROOM: Final[int]

def down(movers: Sequence[Mover], tick: int, keyframe: bool, hidden: list[int]) -> bytearray:
    """A frame down with HEADROOM in front. `hidden` are the slots that have just gone out of view."""
