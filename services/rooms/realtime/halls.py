"""Every room of this node, and who is in which: the one place where visits begin and end for sockets."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from libs.safety.surface import Surface
from services.rooms.realtime.codes import Code
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.lane_store import LaneStore
from services.rooms.realtime.media import Media
from services.rooms.realtime.microphones import Microphones
from services.rooms.realtime.presence import Presence
from services.rooms.realtime.room import Guest, Member
from services.rooms.realtime.roster import Person
from services.rooms.realtime.safety import Safety
from services.rooms.realtime.socket import Socket

REMEMBERED = 10_000  # ended visits, and people whose words were taken back


class Halls:
    """By room, and by visit. All of it happens between two frames: nothing here waits."""

    def __init__(
        self, presence: Presence, safety: Safety | None = None, microphones: Microphones | None = None
    ) -> None:
        """Without `microphones` nobody writes down who speaks."""
        self.safety = safety or Safety()
        self.media: Media | None = None  # where a server carries the voices
        self.lanes: LaneStore | None = None  # where what rooms are told outlives this node
        self._microphones = microphones
        self.by_room: dict[UUID, Hall] = {}
        self._visits: dict[UUID, tuple[Hall, Member]] = {}
        self._ended: OrderedDict[UUID, None] = OrderedDict()  # news of an end may come before the visit does
        # until when, and whether erased: news may come between a lane's being read and its room's being here
        self._retracted: OrderedDict[tuple[UUID, UUID | None], tuple[float, bool]] = OrderedDict()
        self._presence = presence

    def open(self, hall: Hall, *, stream: bool = False) -> None:
        """`stream`: there is one of its lane."""
        self.by_room[hall.room.room_id] = hall
        self._presence.opened(hall)
        if self.lanes:
            self.lanes.opened(hall, exists=stream)

    def close(self, hall: Hall) -> list[Socket]:
        """Let go of a room: its seats are another owner's business now. Returns its sockets, still open."""
        del self.by_room[hall.room.room_id]
        for member in hall.room.members.values():
            self._visits.pop(member.guest.visit, None)
        sockets = list(hall.sockets.values())
        hall.sockets.clear()
        self._presence.closed(hall)
        if self.lanes:
            self.lanes.closed(hall)
        return sockets

    def find(self, visit: UUID) -> tuple[Hall, Member] | None:
        return self._visits.get(visit)

    def of_user(self, user: UUID) -> Iterable[tuple[Hall, Member]]:
        """Where somebody is: in one room, or in two for the moment of a switch."""
        return [(hall, member) for hall in self.by_room.values() if (member := hall.room.members.get(user))]

    def has_ended(self, visit: UUID) -> bool:
        return visit in self._ended

    def admit(self, hall: Hall, guest: Guest, now: float, *, away: bool = False) -> Member:
        """A visit begins here: the others are told. Raises LookupError where the room is out of slots."""
        if before := hall.room.members.get(guest.user):  # an end we have not heard of yet
            self.part(before.guest.visit, "switched", Code.SEAT_GONE, now)
        member, joined = hall.room.admit(guest, now)
        self._visits[guest.visit] = (hall, member)
        hall.veil.enter(guest.user, hall.room.members)
        hall.emptied = None
        hall.tell(joined, Surface.JOIN, guest.user, visit=guest.visit)
        if away:
            self.hide(hall, member)
        return member

    def restore(self, hall: Hall, guest: Guest, person: Person, body: bytes, now: float) -> Member:
        """A visit that the room knows of since an owner before: nobody is told."""
        member = hall.room.restore(guest, person.slot, body, now, away=person.away)
        member.admitted, member.publishing = person.admitted, person.publishing
        member.mutes = person.mutes
        member.answered.update(person.answered)
        self._visits[guest.visit] = (hall, member)
        hall.emptied = None
        return member

    def seat(self, hall: Hall, member: Member, socket: Socket, now: float) -> None:
        """A visit has a new socket, which is silent."""
        self.turn(hall, member, member.heard, publishing=False)
        member.heard = now
        hall.seat(socket, member)
        self._presence.entered(hall, socket, member)

    def turn(self, hall: Hall, member: Member, since: float, *, publishing: bool) -> int | None:
        """A microphone is opened or closed, since then. Returns the offset of what the room is told, if it is news."""
        if member.publishing == publishing:
            return None
        turned = hall.room.turn(member, publishing=publishing)
        if self._microphones:
            self._microphones.turned(hall, member, since)
        hall.tell(turned, Surface.VOICE, member.guest.user)
        return turned.offset

    async def written(self, visit: UUID) -> None:
        """Before a visit ends: what its microphone did is on its way to the log, and must come first."""
        if self._microphones:
            await self._microphones.written(visit)

    def show(self, hall: Hall, member: Member, now: float) -> None:
        """In view again."""
        hall.tell(hall.room.show(member, now), Surface.JOIN, member.guest.user)

    def back(self, socket: Socket, now: float) -> None:
        """A frame from somebody who was away."""
        if (member := socket.member) and (found := self.find(member.guest.visit)):
            hall = found[0]
            back = hall.room.show(member, now)
            self._presence.entered(hall, socket, member)  # first: the socket may be lost while the room is told
            hall.tell(back, Surface.JOIN, member.guest.user)

    def hide(self, hall: Hall, member: Member) -> None:
        """Silent, or without a socket: out of view, the seat is kept."""
        self.turn(hall, member, member.heard, publishing=False)
        if not member.away:
            hall.tell(hall.room.hide(member), Surface.JOIN, member.guest.user)
            self._presence.hidden(hall, member)

    def lost(self, socket: Socket) -> None:
        """A socket has closed without a goodbye."""
        if (member := socket.member) and (found := self.find(member.guest.visit)):
            hall = found[0]
            if hall.unseat(socket):
                self._presence.left(hall, socket, member)
                self.hide(hall, member)

    def part(self, visit: UUID, reason: str, code: Code, now: float) -> None:
        """A visit is over: the others are told, its socket closes with `code`. Any number of times."""
        self._ended[visit] = None
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)
        if (found := self._visits.pop(visit, None)) is None:
            return
        hall, member = found
        socket = hall.sockets.get(member.guest.user)
        if socket is not None:
            hall.unseat(socket)
            self._presence.left(hall, socket, member)
        if reason == "kicked":
            hall.tell(hall.room.kick(member, reason), Surface.JOIN, member.guest.user)
        hall.tell(hall.room.part(member, reason, now), Surface.JOIN, member.guest.user)
        hall.veil.leave(member.guest.user)
        if self.media:
            self.media.parted(hall, member)
        if not hall.room.members:
            hall.emptied = now
        if socket is not None:
            socket.close(code, reason)

    def retract(
        self, user: UUID, room_id: UUID | None = None, *, until: float = float("inf"), erase: bool = False
    ) -> None:
        """What somebody said until then (epoch milliseconds), there or in every room, is taken back, or forgotten."""
        known, forgotten = self._retracted.pop((user, room_id), (until, erase))
        self._retracted[user, room_id] = (max(known, until), forgotten or erase)
        if len(self._retracted) > REMEMBERED:
            self._retracted.popitem(last=False)
        for hall in self.by_room.values():
            if room_id in (None, hall.room.room_id):
                _retract(hall, user, until, erase)

    def retract_in(self, hall: Hall) -> None:
        """A room that has come up with a past: take back what was to be while nobody found it here."""
        for user in hall.lane.authors():
            for place in (None, hall.room.room_id):
                if (retracted := self._retracted.get((user, place))) is not None:
                    _retract(hall, user, *retracted)

    def heartbeats(self, now: float, at: datetime) -> dict[UUID, datetime]:
        """When each visit was last heard from; `now` and `at` are this moment on both clocks."""
        return {visit: at - timedelta(seconds=now - member.heard) for visit, (_, member) in self._visits.items()}

    def pardon(self, seconds: float) -> None:
        """Nobody could be heard for so long."""
        for _, member in self._visits.values():
            member.heard += seconds


def _retract(hall: Hall, user: UUID, until: float, erase: bool) -> None:
    for entry in hall.lane.chats_by(user):
        if entry.at <= until:
            hall.redact(entry)
    if erase:
        hall.lane.erase(user)
