"""What people in a room see of each other move: the newest, once per tick, and a keyframe where they missed some.

Whoever sees everybody is sent the same bytes. The others have a sight of their own: all of them where more are in view
than anybody can look at, and those from whom somebody is kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.rooms.realtime import frames
from services.rooms.realtime.hot.line import Line, deliver
from services.rooms.realtime.hot.mover import Mover
from services.rooms.realtime.hot.sight import Sight, gather, show_own
from services.rooms.realtime.room import Room
from services.rooms.realtime.socket import Socket
from services.rooms.realtime.veil import Veil

ALL: Final = 1 << 16  # more than there are slots


@dataclass(frozen=True, slots=True)
class Range:
    """How much anybody sees."""

    nearest: int = 40  # others; a room with more of them in view is a crowd
    look_every: int = 4  # ticks, between two choices of who is nearest
    keyframe_every: int = 200  # ticks


class View:
    """`sockets` are the welcomed ones, by user: the hall's, which lets them in and out here, too."""

    def __init__(self, room: Room, veil: Veil, sockets: Mapping[UUID, Socket], range: Range) -> None:
        self._stage: Final = room.stage
        self._members = room.members
        self._veil = veil
        self._sockets = sockets
        self._range: Final = range
        self._owed: set[Line] = set()  # a keyframe
        self._sights: dict[UUID, Sight] = {}  # by viewer: of those who do not see everybody
        self._crowded = False
        self._veiled = veil.version
        self._unsure = False  # who has a sight, and who is kept from them
        self._unseen = 0  # ticks, at most, until everybody has looked at what moved last
        self._keyframe_at = 0

    def enter(self, socket: Socket) -> None:
        """It has seen nothing yet."""
        self._owed.add(socket)
        self._unsure = True

    def exit(self, socket: Socket) -> None:
        self._owed.discard(socket)
        if socket.member is not None:
            self._sights.pop(socket.member.guest.user, None)

    def tick(self, number: int) -> int:
        """Show what changed. Returns how many frames were dropped as stale."""
        moved, gone = self._stage.changes()
        if moved or gone:
            self._unseen = self._range.look_every
            if number >= self._keyframe_at:
                self._keyframe_at = number + self._range.keyframe_every
                self._owed.update(self._sockets.values())
        crowded = len(self._stage.shown) > self._range.nearest + 1
        sure = not self._unsure and (crowded, self._veil.version) == (self._crowded, self._veiled)
        if sure and not (self._unseen or self._owed):
            return 0
        if not sure:
            self._crowded, self._veiled, self._unsure = crowded, self._veil.version, False
            self._assign(gone)
        owed, self._owed = self._owed, set[Line]()
        late: list[Line] = self._show_shared(number, owed, moved, gone)
        if self._sights:
            gather(self._stage, moved)
            nearest = self._range.nearest if crowded else ALL
            every = self._range.look_every if crowded and sure else 1
            late += show_own(self._sights.values(), number, nearest, every, owed)
        self._unseen = max(0, self._unseen - 1)
        self._owed.update(late)
        return len(late) if moved or gone else 0

    def _assign(self, gone: list[Mover]) -> None:
        """A sight to everybody who needs one, and to nobody else."""
        for user, socket in self._sockets.items():
            hidden = self._veil.hidden_from(user)
            sight = self._sights.get(user)
            if not (hidden or self._crowded):
                if sight is not None:
                    del self._sights[user]
                    self._owed.add(socket)
                continue
            if sight is None:
                sight = self._sights[user] = Sight(socket)
                if socket not in self._owed:
                    sight.knows(self._stage, gone)
            sight.blind = {self._members[other] for other in hidden if other in self._members}

    def _show_shared(self, number: int, owed: set[Line], moved: list[Mover], gone: list[Mover]) -> list[Line]:
        shared: Iterable[Line] = self._sockets.values()
        late: list[Line] = []
        if self._sights:
            shared = [socket for user, socket in self._sockets.items() if user not in self._sights]
        if owed:
            everybody = frames.down(list(self._stage.shown.values()), number, True, [])
            late += deliver([socket for socket in shared if socket in owed], everybody)
            shared = [socket for socket in shared if socket not in owed]
        if moved or gone:
            late += deliver(shared, frames.down(moved, number, False, [mover.slot for mover in gone]))
        return late
