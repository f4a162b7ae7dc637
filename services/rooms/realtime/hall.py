"""A room and the sockets in it: all are told and shown the same, but for those who are kept from one another."""

from collections import deque
from collections.abc import Iterator, Set
from typing import Any, NamedTuple
from uuid import UUID

from libs.safety.surface import Surface
from services.rooms.realtime import messages
from services.rooms.realtime.codes import Code
from services.rooms.realtime.room import Member, Room
from services.rooms.realtime.socket import Socket
from services.rooms.realtime.veil import NOBODY, Veil
from services.rooms.realtime.view import View


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
        self._view = View(room, self.veil, self.sockets)
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
            self._view.exit(older)
            older.close(Code.REPLACED, "a newer socket took over")
        member.seq = None  # a client that starts anew counts its moves from anywhere
        socket.seat(member, self.room)
        self.sockets[member.guest.user] = socket
        self._view.enter(socket)

    def unseat(self, socket: Socket) -> bool:
        """Its socket is gone; False where it had been let go before, for a newer one or with its seat."""
        member = socket.member
        if member is None or self.sockets.get(member.guest.user) is not socket:
            return False
        del self.sockets[member.guest.user]
        self._view.exit(socket)
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
                self._view.reveal(viewer)
            else:
                self.tell_one(viewer, self.room.excuse(member))
                self._view.conceal(viewer, member)

    def tick(self, number: int) -> int:
        """Show what changed. Returns how many frames were dropped as stale."""
        return self._view.tick(number)
