"""A room and the sockets in it: all are told and shown the same, but for those who are kept from one another."""

import secrets
from collections import deque
from collections.abc import Iterator, Set
from time import time
from typing import Any, NamedTuple
from uuid import UUID

from libs.safety.surface import Surface
from services.rooms.realtime import messages
from services.rooms.realtime.codes import Code
from services.rooms.realtime.lane import MARK_EVERY, Entry, Lane
from services.rooms.realtime.room import Member, Room
from services.rooms.realtime.roster import Checkpoint, packed, person_of
from services.rooms.realtime.socket import Socket
from services.rooms.realtime.veil import NOBODY, Veil
from services.rooms.realtime.view import Range, View


class Untold(NamedTuple):
    """A frame on its way: to everybody but the `deaf`, or to one alone."""

    frame: bytearray
    deaf: Set[UUID] = NOBODY
    only: UUID | None = None


class Hall:
    """`sockets` are the welcomed ones, by user; a member without one is away, or expected back at any moment."""

    def __init__(
        self,
        room: Room,
        opened: float,
        veil: Veil | None = None,
        lane: Lane | None = None,
        host: UUID | None = None,
        range: Range | None = None,
    ) -> None:
        self.room = room
        self.veil = veil or Veil()
        self.lane = lane or Lane()
        self.host = host
        self.opened = opened  # seconds of a steady clock
        self.emptied: float | None = opened  # nobody has been in since
        self.patient_until = float("-inf")  # people of the owner before are on their way here
        self.sockets: dict[UUID, Socket] = {}
        self._view = View(room, self.veil, self.sockets, range or Range())
        self._untold: deque[Untold] = deque()
        self._telling = False

    def tell(self, message: Any, surface: Surface | None = None, *about: UUID, **more: Any) -> None:
        """A message of the reliable lane, to everybody whom these people's doings on this surface may reach.

        `more` is what its Entry should say besides.
        """
        deaf: Set[UUID] = self.veil.deaf(surface, *about) if surface else more.pop("deaf", NOBODY)
        frame = messages.encode(message)
        self.lane.put(Entry(message.offset, _now(), frame, surface, about, deaf=deaf, **more))
        self._tell(Untold(frame, deaf))
        if self.lane.unmarked >= MARK_EVERY:
            self.mark()

    def tell_one(self, user: UUID, message: Any) -> None:
        """A message for one of those here, in order with what all are told; without an offset it is for now alone."""
        frame = messages.encode(message)
        if (offset := getattr(message, "offset", None)) is not None:
            self.lane.put(Entry(offset, _now(), frame, only=user))
        self._tell(Untold(frame, only=user))

    def redact(self, entry: Entry) -> int:
        """Take a chat message back: from everybody who was told of it. Returns the offset."""
        assert entry.chat
        self.lane.redact(entry)
        redacted = self.room.redact(entry.chat)
        self.tell(redacted, deaf=entry.deaf)
        return redacted.offset

    def mark(self, *, fresh: bool = False) -> None:
        """A checkpoint, for this room's next owner; `fresh`: the first, or Redis was away for too long before it."""
        fresh = self.lane.spill() or fresh
        people = [person_of(member) for member in self.room.members.values()]
        checkpoint = Checkpoint(self.room.epoch, self.room.slots.given, people, self.veil.pairs(), fresh)
        entry = Entry(self.room.count(), _now(), bytearray(), checkpoint=packed(checkpoint), fresh=fresh)
        self.lane.put(entry)

    def begin(self) -> None:
        """A new epoch: nobody resumes from before it."""
        self.room.epoch = f"{self.room.fence}-{secrets.token_hex(4)}"
        self.lane.start_anew()
        self.mark(fresh=True)

    def missed(self, member: Member, epoch: str | None, offset: int | None) -> list[bytearray] | None:
        """What somebody was not told after that, by the rules of now; None where nobody can say."""
        if epoch != self.room.epoch or offset is None or offset < member.admitted:
            return None
        entries = self.lane.since(offset)
        return None if entries is None else [entry.frame for entry in entries if self._may_hear(member, entry)]

    def _may_hear(self, member: Member, entry: Entry) -> bool:
        viewer = member.guest.user
        if not entry.frame or entry.redacted or entry.only not in (None, viewer):
            return False
        if entry.surface is None:
            return viewer not in entry.deaf
        return self.veil.permits(viewer, entry.surface, entry.about)

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
            else:
                self.tell_one(viewer, self.room.excuse(member))

    def tick(self, number: int) -> int:
        """Show what changed. Returns how many frames were dropped as stale."""
        return self._view.tick(number)


def _now() -> int:
    """Epoch milliseconds."""
    return int(time() * 1000)
