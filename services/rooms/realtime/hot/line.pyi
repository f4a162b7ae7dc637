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
    unconfirmed: str | None  # the resume token, until its client has spoken
    authorised_until: float  # its access token's end
    closing: bool
    @property
    def transport(self) -> WSTransport: ...
    @property
    def member(self) -> Any: ...
    def __init__(self, house: Any, frames_per_second: float, moves_per_second: float) -> None: ...
    def connected(self) -> None: ...
    def received(self, frame: WSFrame) -> None:
        """Any frame but a whole transform and a plain ping; when `closing`, any frame."""

    def correct(self, reason: int) -> None:
        """Tell the client where it really is."""

    def close(self, code: Code, reason: str = "") -> None: ...
    def heard(self) -> None:
        """A sign of life."""

    def show(self, frame: bytearray) -> bool:
        """Send a tick (HEADROOM in front); False where it is dropped, because older ones still wait to be read."""

    def enter(self, member: Mover, stage: Stage) -> None:
        """From here on its binary frames move the member."""

    def take_judged(self) -> int:
        """How many moves were judged since the last call."""

    def pardon(self, seconds: float) -> None:
        """Nobody read for so long: what piled up meanwhile is no flood."""

L = TypeVar("L", bound=Line)

def deliver(sockets: Iterable[L], frame: bytearray) -> list[L]:
    """Show all of them the same. Those it had to be dropped for."""

def pass_seconds(sockets: Iterable[L], seconds: float, now: float) -> list[L]:
    """Time has passed for all of them: room for more frames. Returns those with anything to be looked at."""

M = TypeVar("M", bound=Mover)

def silent(movers: Iterable[M], since: float) -> list[M]:
    """Those not heard since then."""
