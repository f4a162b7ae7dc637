"""Who is in the room and where, as the frames tell it."""

from uuid import UUID

from clients.python.events import (
    Away,
    Back,
    Event,
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


class Roster:
    """`people` by user, the visitor included. A snapshot replaces it; a gap in offsets is no loss."""

    def __init__(self) -> None:
        self.people: dict[UUID, Person] = {}
        self.epoch, self.offset = "", 0
        self.slot = -1  # my own
        self._by_slot: dict[int, Person] = {}

    def take(self, event: Event) -> None:
        match event:
            case Snapshot(epoch=epoch, offset=offset, members=members):
                self.epoch, self.offset = epoch, offset
                self.people = {person.user: person for person in members}
                self._by_slot = {person.slot: person for person in members}
            case Joined(offset, user, slot, version):
                self._add(Person(user, slot, version))
                self.offset = offset
            case Left(offset, user):
                self._by_slot.pop(self.people.pop(user, Person(user, -1)).slot, None)
                self.offset = offset
            case Away(offset, user) | Back(offset, user):
                if person := self.people.get(user):
                    person.away = isinstance(event, Away)
                self.offset = offset
            case Muted(offset, user) | Unmuted(offset, user):
                if person := self.people.get(user):
                    person.muted = isinstance(event, Muted)
                self.offset = offset
            case VoiceTurned(offset, user, publishing):
                if person := self.people.get(user):
                    person.publishing = publishing
                self.offset = offset
            case Down(records=records):
                for record in records:
                    person = self._by_slot.get(record.slot)
                    if person and person.slot != self.slot:  # where I am I know better
                        person.x, person.y, person.z, person.yaw = record.x, record.y, record.z, record.yaw
            case Welcome(slot=slot):
                self.slot = slot
            case Correction(x=x, y=y, z=z, yaw=yaw):
                self.stand(x, y, z, yaw)
            case _:
                self.offset = max(self.offset, getattr(event, "offset", None) or 0)

    @property
    def me(self) -> Person | None:
        return self._by_slot.get(self.slot)

    def stand(self, x: int, y: int, z: int, yaw: int) -> None:
        """Where I am."""
        if me := self.me:
            me.x, me.y, me.z, me.yaw = x, y, z, yaw

    def _add(self, person: Person) -> None:
        self.people[person.user] = person
        self._by_slot[person.slot] = person
