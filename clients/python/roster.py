"""Who is in the room and where, as the frames tell it."""

from typing import Final, get_args
from uuid import UUID

from clients.python.events import (
    Away,
    Back,
    Event,
    Heard,
    Joined,
    Left,
    Muted,
    Person,
    Snapshot,
    Unmuted,
    VoiceTurned,
    Welcome,
)
from clients.python.frames import Correction, Down

NUMBERED: Final[tuple[type, ...]] = get_args(Heard)


class Roster:
    """`people` by user, `in_view` by slot, the visitor included. A snapshot replaces it; a gap in offsets is no loss.

    Whoever is away, or not among the nearest of a crowded room, is not in view.
    """

    def __init__(self) -> None:
        self.people: dict[UUID, Person] = {}
        self.in_view: dict[int, Person] = {}
        self.epoch, self.offset = "", 0
        self.slot = -1  # my own
        self._by_slot: dict[int, Person] = {}

    def take(self, event: Event) -> bool:
        """False where it was taken before: a replay may begin a little earlier than asked for."""
        if isinstance(event, Down):
            self._look(event)
        elif isinstance(event, NUMBERED):
            offset: int = getattr(event, "offset")  # noqa: B009 - all of them have one
            if offset <= self.offset:
                return False
            self.offset = offset
            self._hear(event)
        else:
            self._settle(event)
        return True

    @property
    def me(self) -> Person | None:
        return self._by_slot.get(self.slot)

    def stand(self, x: int, y: int, z: int, yaw: int) -> None:
        """Where I am."""
        if me := self.me:
            me.x, me.y, me.z, me.yaw = x, y, z, yaw

    def _look(self, down: Down) -> None:
        if down.keyframe:
            self.in_view = {}
        for record in down.records:
            slot = record.slot
            if (person := self._by_slot.get(slot)) is None:
                continue
            self.in_view[slot] = person
            if slot != self.slot:  # where I am I know better
                person.x, person.y, person.z, person.yaw = record.x, record.y, record.z, record.yaw
        for slot in down.hidden:
            self.in_view.pop(slot, None)

    def _settle(self, event: Event) -> None:
        match event:
            case Snapshot(epoch=epoch, offset=offset, members=members):
                self.epoch, self.offset = epoch, offset
                self.people = {person.user: person for person in members}
                self._by_slot = {person.slot: person for person in members}
                self.in_view = {person.slot: person for person in members if not person.away}
            case Welcome(slot=slot):
                self.slot = slot
            case Correction(x=x, y=y, z=z, yaw=yaw):
                self.stand(x, y, z, yaw)

    def _hear(self, event: Event) -> None:
        match event:
            case Joined(_, user, slot, version, visit):
                self._add(Person(user, slot, version, visit=visit))
            case Left(_, user):
                slot = self.people.pop(user, Person(user, -1)).slot
                self._by_slot.pop(slot, None)
                self.in_view.pop(slot, None)
            case Away(_, user) | Back(_, user):
                if person := self.people.get(user):
                    person.away = isinstance(event, Away)
                    if person.away:
                        self.in_view.pop(person.slot, None)
            case Muted(_, user) | Unmuted(_, user):
                if person := self.people.get(user):
                    person.muted = isinstance(event, Muted)
            case VoiceTurned(_, user, publishing):
                if person := self.people.get(user):
                    person.publishing = publishing

    def _add(self, person: Person) -> None:
        self.people[person.user] = person
        self._by_slot[person.slot] = person
