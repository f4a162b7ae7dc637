"""A room without sockets, and what each of its guests makes of what they are told and shown."""

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from clients.python import frames as client
from clients.python.events import Away, Back, Joined, Left, Muted, Redacted, Said, Snapshot, Unmuted, read
from clients.python.roster import Roster
from libs.contracts.event import Event
from libs.contracts.social import BlockUser, MuteUser, UnblockUser, UnmuteUser
from libs.safety.pairs import pair_stream
from services.rooms.realtime import messages
from services.rooms.realtime.bouncer import Bouncer
from services.rooms.realtime.codes import Code
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.frames import HEADROOM
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.hot.line import Line
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.presence import Presence
from services.rooms.realtime.room import Guest, Member, Room
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.slots import Slots
from services.rooms.realtime.veil import Veil
from tests.rooms.people import NINE
from tests.rooms.safety import told

ROOM = UUID(int=101)


class View(Line):
    """A socket as a hall sees it, with an honest client behind it. `mentioned`: everybody ever spoken of or shown."""

    def __init__(self, user: UUID) -> None:
        super().__init__(None, 1, 1)
        self.id, self.user = uuid4().hex, user
        self.roster = Roster()
        self.in_view: set[int] = set()  # slots
        self.said: list[str] = []
        self.redacted: list[UUID] = []
        self.offsets: list[int] = []
        self.mentioned: list[UUID] = []
        self.shown: list[bytearray] = []
        self.full = False
        self.code = 0

    def seat(self, member: Member, room: Room) -> None:
        self.enter(member, room.stage)

    def tell(self, frame: bytearray) -> None:
        event = read(bytes(frame[HEADROOM:]))
        assert event is not None
        self.roster.take(event)
        if offset := getattr(event, "offset", 0):
            self.offsets.append(offset)
        match event:
            case Snapshot(members=members):
                self.mentioned += [person.user for person in members]
            case Redacted(id=message):
                self.redacted.append(message)
            case Said(user=user, text=text):
                self.mentioned.append(user)
                self.said.append(text)
            case Joined(user=user) | Left(user=user) | Away(user=user) | Back(user=user):
                self.mentioned.append(user)
            case Muted(user=user) | Unmuted(user=user):
                self.mentioned.append(user)

    def show(self, frame: bytearray) -> bool:
        if self.full:
            return False
        self.shown.append(frame)
        down = client.read(bytes(frame[HEADROOM:]))
        assert isinstance(down, client.Down)
        slots = {record.slot for record in down.records}
        self.in_view = slots if down.keyframe else (self.in_view | slots) - set(down.hidden)
        self.mentioned += [person.user for person in self.roster.people.values() if person.slot in slots]
        assert slots <= {person.slot for person in self.roster.people.values()}, "shown without having been introduced"
        return True

    def close(self, code: Code, _: str = "") -> None:
        self.code = self.code or int(code)


class Floor:
    """One room of a node. `open`: without a veil, as a control."""

    def __init__(self, *, open: bool = False) -> None:
        self.halls = Halls(Presence(None, NodeSettings()))  # type: ignore[arg-type]
        self.bouncer = Bouncer(None, self.halls, None, None)  # type: ignore[arg-type]
        veil = Veil() if open else Veil(self.halls.safety.relation)
        self.hall = Hall(Room(ROOM, 1, "e", FLOORS["lounge"], Pace(), Slots()), 0.0, veil)
        self.halls.open(self.hall)
        self.views: dict[UUID, View] = {}
        self.now = 0.0
        self._ticks, self._versions = 0, dict[str, int]()

    @property
    def room(self) -> Room:
        return self.hall.room

    def come(self, user: UUID) -> View:
        """A visit, or a new socket of one, as Greeter does it."""
        member = self.room.members.get(user)
        if member is None:
            member = self.halls.admit(self.hall, Guest(user, uuid4(), uuid4(), NINE, "web"), self.now)
        elif member.away:
            self.halls.show(self.hall, member, self.now)
        view = self.views[user] = View(user)
        view.tell(messages.encode(self.room.snapshot(self.hall.veil.hidden_from(user))))
        self.halls.seat(self.hall, member, view, self.now)  # type: ignore[arg-type]
        return view

    def go(self, user: UUID) -> None:
        self.halls.part(self.room.members[user].guest.visit, "left", Code.DONE, self.now)
        del self.views[user]

    def hide(self, user: UUID) -> None:
        self.halls.hide(self.hall, self.room.members[user])

    def back(self, user: UUID) -> None:
        self.halls.show(self.hall, self.room.members[user], self.now)

    def walk(self, user: UUID, *, dx: int = 5) -> None:
        member = self.room.members[user]
        self.now += 1
        seq = 1 if member.seq is None else member.seq + 1
        self.room.stage.move(member, client.up(seq=seq, x=member.place.x + dx, y=0, z=member.place.z), self.now)

    def tick(self) -> None:
        self._ticks += 1
        self.hall.tick(self._ticks)

    def hear(self, event: Event) -> None:
        """From social, in its order."""
        one, other = [getattr(event, name) for name in type(event).model_fields][:2]
        stream = pair_stream(one, other)
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        at_once(self.bouncer.hear(told(event, version, stream=stream)))


def block(one: UUID, other: UUID) -> BlockUser:
    return BlockUser(blocker_user_id=one, blocked_user_id=other)


def unblock(one: UUID, other: UUID) -> UnblockUser:
    return UnblockUser(blocker_user_id=one, blocked_user_id=other)


def mute(one: UUID, other: UUID) -> MuteUser:
    return MuteUser(muter_user_id=one, muted_user_id=other)


def unmute(one: UUID, other: UUID) -> UnmuteUser:
    return UnmuteUser(muter_user_id=one, muted_user_id=other)


def at_once(work: Coroutine[Any, Any, None]) -> None:
    """Run what never waits."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def now() -> datetime:
    return datetime.now(UTC)
