from collections.abc import Iterable
from typing import Any, TypeVar

from picows import WSFrame, WSListener, WSTransport

from services.rooms.realtime.codes import Code
from services.rooms.realtime.hot.mover import Mover
from services.rooms.realtime.hot.stage import Stage

class Line(WSListener):
    """A subclass says what `connected`, `received`, `correct` and `close` mean."""

    house: Any
    stalled_since: float | None  # it takes less than it is sent
    closing: bool
    @property
    def transport(self) -> WSTransport: ...
    @property
    def member(self) -> Any: ...
    def __init__(self, house: Any, frames_per_second: float, moves_per_second: float) -> None: ...
    def connected(self) -> None: ...
    def received(self, frame: WSFrame) -> None:
        """Any frame but a whole transform; when `closing`, any frame."""

    def correct(self, reason: int) -> None:
        """Tell the client where it really is."""

    def close(self, code: Code, reason: str = "") -> None: ...
    def heard(self) -> None:
        """A sign of life."""

    def show(self, frame: bytearray) -> bool:
        """Send a tick (HEADROOM in front); False where it is dropped, because older ones still wait to be read."""

    def enter(self, member: Mover, stage: Stage) -> None:
        """From here on its binary frames move the member."""

    def pass_seconds(self, seconds: float) -> int:
        """Time has passed: room for more frames. Returns how many moves were judged since the last call."""

    def pardon(self, seconds: float) -> None:
        """Nobody read for so long: what piled up meanwhile is no flood."""

L = TypeVar("L", bound=Line)

def deliver(sockets: Iterable[L], frame: bytearray) -> list[L]:
    """Show all of them the same. Those it had to be dropped for."""
