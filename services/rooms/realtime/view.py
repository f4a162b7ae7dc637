"""What people in a room see of each other move: the newest, once per tick, and a keyframe where they missed some."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from services.rooms.realtime import frames
from services.rooms.realtime.room import Member, Room
from services.rooms.realtime.socket import Socket
from services.rooms.realtime.veil import NOBODY, Veil


class View:
    """`sockets` are the welcomed ones, by user: the hall's, which lets them in and out here, too."""

    def __init__(self, room: Room, veil: Veil, sockets: Mapping[UUID, Socket]) -> None:
        self._room = room
        self._veil = veil
        self._sockets = sockets
        self._owed: set[Socket] = set()  # a keyframe
        self._vanished: dict[UUID, list[int]] = {}  # by viewer: slots that are not shown to them from now on

    def enter(self, socket: Socket) -> None:
        """It has seen nothing yet."""
        self._owed.add(socket)

    def exit(self, socket: Socket) -> None:
        self._owed.discard(socket)

    def reveal(self, viewer: UUID) -> None:
        """The viewer sees somebody again: a keyframe says it all."""
        self._vanished.pop(viewer, None)
        if (socket := self._sockets.get(viewer)) is not None:
            self._owed.add(socket)

    def conceal(self, viewer: UUID, seen: Member) -> None:
        """From now on the viewer does not see this member."""
        self._vanished.setdefault(viewer, []).append(seen.slot)

    def tick(self, number: int) -> int:
        """Show what changed. Returns how many frames were dropped as stale."""
        if self._owed:
            self._settle(number)
        moved, gone = self._room.changes()
        if not (moved or gone or self._vanished):
            return 0
        if self._veil.drawn or self._vanished:
            late = self._show_each(number, moved, gone)
        else:
            frame = _frame(number, moved, gone)
            late = [socket for socket in self._sockets.values() if not socket.show(frame)]
        self._owed.update(late)
        return len(late)

    def _show_each(self, number: int, moved: list[Member], gone: list[Member]) -> list[Socket]:
        """Frames of their own for those who do not see everybody; the shared bytes for all the others."""
        vanished, self._vanished = self._vanished, {}
        shared = _frame(number, moved, gone) if moved or gone else None
        late = []
        for user, socket in self._sockets.items():
            hidden, frame = self._veil.hidden_from(user), shared
            if hidden or user in vanished:
                shown = [member for member in moved if member.guest.user not in hidden]
                left = [member for member in gone if member.guest.user not in hidden]
                extra = vanished.get(user, ())
                frame = _frame(number, shown, left, extra) if shown or left or extra else None
            if frame is not None and not socket.show(frame):
                late.append(socket)
        return late

    def _settle(self, number: int) -> None:
        shared = self._room.keyframe(number)
        still = set()
        for socket in self._owed:
            member = socket.member
            hidden = self._veil.hidden_from(member.guest.user) if self._veil.drawn and member else NOBODY
            if not socket.show(self._room.keyframe(number, hidden) if hidden else shared):
                still.add(socket)
        self._owed = still


def _frame(tick: int, moved: Iterable[Member], gone: Iterable[Member], extra: Iterable[int] = ()) -> bytearray:
    records = [member.slot_bytes + member.body for member in moved]
    return frames.down(records, tick, keyframe=False, hidden=[*(member.slot for member in gone), *extra])
