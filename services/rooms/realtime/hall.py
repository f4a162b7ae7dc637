"""A room and the sockets in it: all are told and shown the same, but for those who are kept from one another."""

from collections import deque
from collections.abc import Iterable, Iterator, Set
from typing import Any, NamedTuple
from uuid import UUID

from libs.safety.surface import Surface
from services.rooms.realtime import frames, messages
from services.rooms.realtime.codes import Code
from services.rooms.realtime.room import Member, Room
from services.rooms.realtime.socket import Socket
from services.rooms.realtime.veil import NOBODY, Veil


class Untold(NamedTuple):
    """A frame on its way: to everybody but the `deaf`, or to one alone."""

    frame: bytearray
    deaf: Set[UUID] = NOBODY
    only: UUID | None = None


class Hall:
    """`sockets` are the welcomed ones, by user; a member without one is away."""

    def __init__(self, room: Room, opened: float, veil: Veil | None = None) -> None:
        self.room = room
        self.veil = veil or Veil()
        self.opened = opened  # seconds of a steady clock
        self.emptied: float | None = opened  # nobody has been in since
        self.sockets: dict[UUID, Socket] = {}
        self._owed: set[Socket] = set()  # a keyframe
        self._vanished: dict[UUID, list[int]] = {}  # by viewer: slots that are not shown to them from now on
        self._untold: deque[Untold] = deque()
        self._telling = False

    def tell(self, message: Any, surface: Surface | None = None, *about: UUID) -> None:
        """A message of the reliable lane, to everybody whom these people's doings on this surface may reach."""
        deaf = self.veil.deaf(surface, *about) if surface else NOBODY
        self._tell(Untold(messages.encode(message), deaf))

    def tell_one(self, user: UUID, message: Any) -> None:
        """A message for one of those here, in order with what all are told."""
        self._tell(Untold(messages.encode(message), only=user))

    def _tell(self, untold: Untold) -> None:
        self._untold.append(untold)
        if self._telling:
            return  # a hopeless socket has left while we speak: the others hear of it when we have finished
        self._telling = True
        try:
            while self._untold:
                frame, deaf, only = self._untold.popleft()
                if only is not None:
                    if (alone := self.sockets.get(only)) is not None:
                        alone.tell(frame)
                elif not deaf:
                    for socket in tuple(self.sockets.values()):
                        socket.tell(frame)
                else:
                    for user, socket in tuple(self.sockets.items()):
                        if user not in deaf:
                            socket.tell(frame)
        finally:
            self._telling = False

    def seat(self, socket: Socket, member: Member) -> None:
        """From here on the socket hears the room; an older one of the same person is let go."""
        older = self.sockets.pop(member.guest.user, None)
        if older is not None:
            self._owed.discard(older)
            older.close(Code.REPLACED, "a newer socket took over")
        member.seq = None  # a client that starts anew counts its moves from anywhere
        socket.seat(member, self.room)
        self.sockets[member.guest.user] = socket
        self._owed.add(socket)

    def unseat(self, socket: Socket) -> bool:
        """Its socket is gone; False where it had been let go before, for a newer one or with its seat."""
        member = socket.member
        if member is None or self.sockets.get(member.guest.user) is not socket:
            return False
        del self.sockets[member.guest.user]
        self._owed.discard(socket)
        return True

    def seated(self) -> Iterator[tuple[Socket, Member]]:
        """Every socket with its member."""
        return ((socket, self.room.members[user]) for user, socket in self.sockets.items())

    def settle(self, one: UUID, other: UUID) -> None:
        """Two people here may have fallen out, or made up: each goes from the other's view, or comes back into it."""
        for viewer, seen, shown in self.veil.settle(one, other):
            member = self.room.members[seen]
            if shown:
                for message in self.room.introduce(member):
                    self.tell_one(viewer, message)
                self._vanished.pop(viewer, None)  # a keyframe says it all
                if (socket := self.sockets.get(viewer)) is not None:
                    self._owed.add(socket)
            else:
                self.tell_one(viewer, self.room.excuse(member))
                self._vanished.setdefault(viewer, []).append(member.slot)

    def tick(self, number: int) -> int:
        """Show what changed. Returns how many frames were dropped as stale."""
        if self._owed:
            self._settle(number)
        moved, gone = self.room.changes()
        if not (moved or gone or self._vanished):
            return 0
        if self.veil.drawn or self._vanished:
            late = self._show_each(number, moved, gone)
        else:
            frame = _frame(number, moved, gone)
            late = [socket for socket in self.sockets.values() if not socket.show(frame)]
        self._owed.update(late)
        return len(late)

    def _show_each(self, number: int, moved: list[Member], gone: list[Member]) -> list[Socket]:
        """Frames of their own for those who do not see everybody; the shared bytes for all the others."""
        vanished, self._vanished = self._vanished, {}
        shared = _frame(number, moved, gone) if moved or gone else None
        late = []
        for user, socket in self.sockets.items():
            hidden, frame = self.veil.hidden_from(user), shared
            if hidden or user in vanished:
                shown = [member for member in moved if member.guest.user not in hidden]
                left = [member for member in gone if member.guest.user not in hidden]
                extra = vanished.get(user, ())
                frame = _frame(number, shown, left, extra) if shown or left or extra else None
            if frame is not None and not socket.show(frame):
                late.append(socket)
        return late

    def _settle(self, number: int) -> None:
        shared = self.room.keyframe(number)
        still = set()
        for socket in self._owed:
            hidden = self.veil.hidden_from(socket.member.guest.user) if self.veil.drawn and socket.member else NOBODY
            if not socket.show(self.room.keyframe(number, hidden) if hidden else shared):
                still.add(socket)
        self._owed = still


def _frame(tick: int, moved: Iterable[Member], gone: Iterable[Member], extra: Iterable[int] = ()) -> bytearray:
    records = [member.slot_bytes + member.body for member in moved]
    return frames.down(records, tick, keyframe=False, hidden=[*(member.slot for member in gone), *extra])
