"""Who is in a room as its people know it at one offset: a checkpoint, and what was told after it. Pure.

Whoever takes a room over makes of these what those who resume have on their screens: slots, who is away, muted or
heard, and who does not see whom.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import UNSET, Struct, ValidationError
from msgspec.json import Decoder, Encoder

from services.rooms.realtime.commands import Cid
from services.rooms.realtime.lane import Entry
from services.rooms.realtime.messages import Away, Back, Joined, Left, Muted, Scope, Unmuted, VoiceTurned
from services.rooms.realtime.room import Member
from services.rooms.realtime.slots import SLOTS

ANSWERED: Final = 16  # command ids that go from owner to owner: those a client may still send again


class Person(Struct):
    """A member. `body` is where they stood at the checkpoint; `admitted` the offset their visit began with."""

    user: UUID
    visit: UUID
    slot: int
    profile_version: int
    admitted: int
    body: bytes = b""
    away: bool = False
    publishing: bool = False
    mutes: dict[Scope, datetime | None] = {}
    answered: list[tuple[Cid, int | None]] = []


def person_of(member: Member) -> Person:
    guest = member.guest
    return Person(
        guest.user,
        guest.visit,
        member.slot,
        guest.profile_version,
        member.admitted,
        bytes(member.body),
        member.away,
        member.publishing,
        dict(member.mutes),
        list(member.answered.items())[-ANSWERED:],
    )


class Checkpoint(Struct):
    epoch: str
    slots: int  # how many were ever given out
    people: list[Person]
    hidden: list[tuple[UUID, UUID]] = []  # (viewer, seen)
    fresh: bool = False  # nothing before it counts: Redis has missed some of it


class Roster:
    """`take` every entry after the checkpoint, in order."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.epoch = checkpoint.epoch
        self.slots = checkpoint.slots
        self.people = {person.user: person for person in checkpoint.people}
        self.hidden = set(checkpoint.hidden)

    def check(self) -> None:
        """Raises ValueError where slots are none, or not one person's: frames are laid out by them."""
        slots = {person.slot for person in self.people.values()}
        if not (0 <= self.slots <= SLOTS and slots <= set(range(self.slots)) and len(slots) == len(self.people)):
            raise ValueError("no slots")

    def take(self, entry: Entry) -> None:
        if entry.cid is not None and (author := self.people.get(entry.about[0])):
            author.answered.append((entry.cid, entry.offset))
        try:
            told = _TOLD.decode(entry.json)
        except ValidationError:
            return  # nothing that a roster is made of
        if entry.only is not None:
            self._met(entry.only, told)
        elif isinstance(told, Joined):
            self._joined(told, entry)
        elif isinstance(told, Left):
            self.people.pop(told.user, None)
            self.hidden = {pair for pair in self.hidden if told.user not in pair}
        elif person := self.people.get(told.user):
            _change(person, told)

    def _joined(self, told: Joined, entry: Entry) -> None:
        visit = entry.visit or UUID(int=0)
        self.people[told.user] = Person(told.user, visit, told.slot, told.profile_version, told.offset)
        self.slots = max(self.slots, told.slot + 1)
        self.hidden |= {pair for other in entry.deaf for pair in ((other, told.user), (told.user, other))}

    def _met(self, viewer: UUID, told: "Told") -> None:
        """One person was told alone that another one is there, or gone: they had fallen out, or made up."""
        if isinstance(told, Joined):
            self.hidden.discard((viewer, told.user))
        elif isinstance(told, Left):
            self.hidden.add((viewer, told.user))


Told = Joined | Left | Away | Back | Muted | Unmuted | VoiceTurned
_TOLD: Final = Decoder(Told)
_CHECKPOINT: Final = Decoder(Checkpoint)
_encoder: Final = Encoder()


def _change(person: Person, told: Told) -> None:
    match told:
        case Away() | Back():
            person.away = isinstance(told, Away)
        case Muted(scope=scope, until=until):
            person.mutes[scope] = None if until is UNSET else until
        case Unmuted(scope=scope):
            person.mutes.pop(scope, None)
        case VoiceTurned(publishing=publishing):
            person.publishing = publishing


def packed(checkpoint: Checkpoint) -> bytes:
    return _encoder.encode(checkpoint)


def unpacked(data: bytes) -> Checkpoint:
    """Raises msgspec.DecodeError for what was never one."""
    return _CHECKPOINT.decode(data)


def folded(entries: Iterable[Entry]) -> tuple[Roster | None, list[Entry]]:
    """What a stream comes to: the roster at its end, and what may be replayed. None: it says nothing of the roster.

    Raises ValueError, and what `unpacked` raises, for what no room has written.
    """
    roster: Roster | None = None
    kept: list[Entry] = []
    for entry in entries:
        if entry.checkpoint:
            checkpoint = unpacked(entry.checkpoint)
            roster = Roster(checkpoint)
            if checkpoint.fresh:
                kept.clear()
        elif roster is not None and entry.frame:
            roster.take(entry)
        kept.append(entry)
    if roster is not None:
        roster.check()
    return roster, kept
