"""A room and the sockets in it: everything is told to all, each tick is one frame for all."""

from collections import deque
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from services.rooms.realtime import messages
from services.rooms.realtime.codes import Code
from services.rooms.realtime.room import Member, Room
from services.rooms.realtime.socket import Socket


class Hall:
    """`sockets` are the welcomed ones, by user; a member without one is away."""

    def __init__(self, room: Room, opened: float) -> None:
        self.room = room
        self.opened = opened  # seconds of a steady clock
        self.emptied: float | None = opened  # nobody has been in since
        self.sockets: dict[UUID, Socket] = {}
        self._owed: set[Socket] = set()  # a keyframe
        self._untold: deque[bytearray] = deque()
        self._telling = False

    def tell(self, message: Any) -> None:
        """A message of the reliable lane, to everybody."""
        self._untold.append(messages.encode(message))
        if self._telling:
            return  # a hopeless socket has left while we speak: the others hear of it when we have finished
        self._telling = True
        try:
            while self._untold:
                frame = self._untold.popleft()
                for socket in tuple(self.sockets.values()):
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

    def tick(self, number: int) -> int:
        """Show what changed. Returns how many frames were dropped as stale."""
        if self._owed:
            self._settle(number)
        frame = self.room.changes(number)
        if frame is None:
            return 0
        late = [socket for socket in self.sockets.values() if not socket.show(frame)]
        self._owed.update(late)
        return len(late)

    def _settle(self, number: int) -> None:
        frame = self.room.keyframe(number)
        self._owed = {socket for socket in self._owed if not socket.show(frame)}
