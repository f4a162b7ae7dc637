"""A room as its owner holds it: who is in it, where they stand, and what the room is told next. No I/O, no clock."""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import UNSET, UnsetType

from libs.contracts.vocabulary import DeviceType
from services.rooms.realtime import frames
from services.rooms.realtime.commands import Cid
from services.rooms.realtime.floor import Floor
from services.rooms.realtime.hot.mover import Mover
from services.rooms.realtime.hot.place import Ground
from services.rooms.realtime.hot.stage import Stage
from services.rooms.realtime.messages import (
    Away,
    Back,
    Emoted,
    Gifted,
    Joined,
    Kicked,
    Left,
    Muted,
    Redacted,
    RoomNow,
    RoomUpdated,
    Said,
    Scope,
    Seen,
    Snapshot,
    Unmuted,
    VoiceTurned,
)
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.slots import Slots


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a seat in this room: what the service knows of the visit."""

    user: UUID
    visit: UUID
    session: UUID
    issued_at: datetime  # of the token the seat was asked for with
    device: DeviceType
    profile_version: int = 0
    since: datetime | None = None  # when the seat was kept for this visit
    moderator: bool = False  # of the whole house, as of the last ticket
    emotes: Collection[str] = ()  # of their own, as of the last hello


Mutes = dict[Scope, datetime | None]
"""By whose word somebody may not speak, and until when; None: until further notice."""


class Member(Mover):
    """A guest on the floor."""

    __slots__ = ("admitted", "answered", "guest", "mutes", "publishing")

    def __init__(self, guest: Guest, slot: int, body: bytes, ground: Ground, now: float) -> None:
        super().__init__(slot, body, ground, now)
        self.guest = guest
        self.mutes: Mutes = {}  # as the room has been told
        self.admitted = 0  # the offset at which the room was told of this visit
        self.publishing = False  # the microphone is open
        # command ids of this visit, and the offset of what the room was told of them, if it was
        self.answered: OrderedDict[Cid, int | None] = OrderedDict()


class Room:
    """`epoch` names this owner's count; `offset` numbers what all are told: the messages returned here are in order."""

    def __init__(self, room_id: UUID, fence: int, epoch: str, floor: Floor, pace: Pace, slots: Slots) -> None:
        self.room_id = room_id
        self.fence = fence
        self.epoch = epoch
        self.offset = 0
        self.floor = floor
        self.members: dict[UUID, Member] = {}  # by user: one seat each
        self.stage: Final = Stage(Ground(floor, pace))  # those of them who are in view
        self.slots = slots
        self.names_visits = False  # a media server carries the voices, and knows people by them

    def admit(self, guest: Guest, now: float) -> tuple[Member, Joined]:
        """A new visit. Raises LookupError when there is no slot left."""
        slot = self.slots.take(now)
        member = Member(guest, slot, self.floor.entrance(slot), self.stage.ground, now)
        self.members[guest.user] = member
        self.stage.enter(member)
        member.admitted = self.count()
        return member, Joined(member.admitted, guest.user, slot, guest.profile_version, self._visit(guest))

    def restore(self, guest: Guest, slot: int, body: bytes, now: float, *, away: bool) -> Member:
        """A visit that an owner before has told of; the caller says the rest."""
        member = Member(guest, slot, body or self.floor.entrance(slot), self.stage.ground, now)
        member.away = away
        self.members[guest.user] = member
        if not away:
            self.stage.enter(member)
        return member

    def part(self, member: Member, reason: str, now: float) -> Left:
        """The visit is over; its slot rests."""
        del self.members[member.guest.user]
        self.slots.give_back(member.slot, now)
        self.stage.leave(member)
        return Left(self.count(), member.guest.user, reason)

    def hide(self, member: Member) -> Away:
        """Silent for too long, or its socket closed: gone from everybody's view, the seat is kept."""
        self.stage.leave(member)
        return Away(self.count(), member.guest.user)

    def show(self, member: Member, now: float) -> Back:
        """There again, where it was."""
        member.heard = now
        self.stage.enter(member)
        return Back(self.count(), member.guest.user)

    def excuse(self, member: Member) -> Left:
        """For one who must not see this member any more. To them it is a departure like any other."""
        return Left(self.count(), member.guest.user, "left")

    def introduce(self, member: Member) -> Iterator[Joined | Away | Muted | VoiceTurned]:
        """For one who sees this member again."""
        guest = member.guest
        yield Joined(self.count(), guest.user, member.slot, guest.profile_version, self._visit(guest))
        if member.away:
            yield Away(self.count(), member.guest.user)
        yield from self._muted(member, member.mutes)
        if member.publishing:
            yield VoiceTurned(self.count(), member.guest.user, True)

    def silence(self, member: Member, mutes: Mutes) -> Iterator[Muted | Unmuted]:
        """Who may not speak has changed: what the room is told of it, each before the next is asked for."""
        before, member.mutes = member.mutes, mutes
        for scope in before:
            if scope not in mutes:
                yield Unmuted(self.count(), member.guest.user, scope)
        yield from self._muted(
            member, {scope: until for scope, until in mutes.items() if scope not in before or before[scope] != until}
        )

    def _muted(self, member: Member, mutes: Mutes) -> Iterator[Muted]:
        for scope, until in mutes.items():
            yield Muted(self.count(), member.guest.user, scope, UNSET if until is None else until)

    def say(self, member: Member, message_id: UUID, text: str, at: datetime) -> Said:
        return Said(self.count(), message_id, member.guest.user, text, at)

    def redact(self, message_id: UUID) -> Redacted:
        return Redacted(self.count(), message_id)

    def emote(self, member: Member, emote: str) -> Emoted:
        return Emoted(self.count(), member.guest.user, emote)

    def gift(self, giver: UUID, to: UUID, sku: str) -> Gifted:
        return Gifted(offset=self.count(), giver=giver, to=to, sku=sku)

    def turn(self, member: Member, *, publishing: bool) -> VoiceTurned:
        """The microphone is opened or closed."""
        member.publishing = publishing
        return VoiceTurned(self.count(), member.guest.user, publishing)

    def publishers(self) -> int:
        """How many microphones are open."""
        return sum(member.publishing for member in self.members.values())

    def kick(self, member: Member, reason: str) -> Kicked:
        return Kicked(self.count(), member.guest.user, reason)

    def changed(self, now: RoomNow) -> RoomUpdated:
        return RoomUpdated(self.count(), now)

    def visible(self) -> Iterator[Member]:
        return (member for member in self.members.values() if not member.away)

    def snapshot(self, hidden: Set[UUID] = frozenset()) -> Snapshot:
        """Everybody but these."""
        shown = [
            _seen(member, self._visit(member.guest)) for user, member in self.members.items() if user not in hidden
        ]
        return Snapshot(self.epoch, self.offset, shown)

    def _visit(self, guest: Guest) -> UUID | UnsetType:
        return guest.visit if self.names_visits else UNSET

    def count(self) -> int:
        """The next offset."""
        self.offset += 1
        return self.offset


def _seen(member: Member, visit: UUID | UnsetType) -> Seen:
    guest, state = member.guest, (member.away, bool(member.mutes), member.publishing)
    return Seen(guest.user, member.slot, guest.profile_version, *state, *frames.place(member.body), visit)
