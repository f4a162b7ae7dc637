"""What a room is, and who may change it. Stream `room-{id}`. Its name is Personal: only a mark of it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.rooms import RoomClose, RoomCreate, RoomUpdate
from libs.contracts.vocabulary import Region, Theme
from libs.eventstore.decider import Decider
from services.rooms.deciders.facts import SHOWN, Facts
from services.rooms.deciders.order import Invite, Lock, Mute, Order, Unmute, keep_order
from services.rooms.deciders.refusals import NotFound, NotHost, RoomClosed, RoomQuota


def room_stream(room_id: UUID) -> str:
    return f"room-{room_id}"


@dataclass(frozen=True, slots=True)
class Name:
    """A room's name, and an HMAC of it under its subject's key, by which a retry knows it again."""

    text: str
    mark: str | None  # None once the key is destroyed


@dataclass(frozen=True, slots=True)
class Create:
    """Open a room; without `created_by` it is the house's own. `hosted`: how many open rooms the host has already."""

    room_id: UUID
    name: Name
    theme: Theme
    is_private: bool
    capacity: int
    region: Region
    created_by: UUID | None
    hosted: int = 0
    quota: int = 1


@dataclass(frozen=True, slots=True)
class Update:
    """Change what is given; None leaves a member as it is."""

    by: UUID
    name: Name | None = None
    theme: Theme | None = None
    is_private: bool | None = None
    capacity: int | None = None
    moderator: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Close the room for good."""

    by: UUID
    moderator: bool = False


@dataclass(frozen=True, slots=True)
class Unopened:
    kind: Literal["unopened"] = "unopened"


@dataclass(frozen=True, slots=True)
class Open:
    facts: Facts
    kind: Literal["open"] = "open"


@dataclass(frozen=True, slots=True)
class Closed:
    facts: Facts
    kind: Literal["closed"] = "closed"


Room = Unopened | Open | Closed
Command = Create | Update | Close | Order


def decide(state: Room, command: Command) -> Sequence[Event]:
    match state, command:
        case Unopened(), Create():
            return _create(command)
        case ((Open(facts) | Closed(facts)), Create(created_by=host)) if host == facts.created_by:
            return []
        case Unopened(), _:
            raise NotFound
        case Open(facts), Update(by, moderator=moderator):
            facts.must_be_changed_by(by, moderator=moderator)
            return _update(facts, command)
        case Open(facts), Close(by, moderator):
            facts.must_be_changed_by(by, moderator=moderator)
            return [RoomClose(**facts.impersonal())]
        case Closed(facts), Close(by, moderator):
            facts.must_be_changed_by(by, moderator=moderator)
            return []
        case Closed(facts), Update(by, moderator=moderator):
            facts.must_be_changed_by(by, moderator=moderator)
            raise RoomClosed
        case _, Create():
            raise NotHost  # somebody else's room has this id
        case Open(facts), Lock() | Mute() | Unmute() | Invite():
            return keep_order(facts, command)
        case _:
            raise RoomClosed


def _create(command: Create) -> Sequence[Event]:
    if command.created_by is not None and command.hosted >= command.quota:
        raise RoomQuota
    return [
        RoomCreate(
            room_id=command.room_id,
            name=command.name.text,
            name_mark=command.name.mark,
            theme=command.theme,
            is_private=command.is_private,
            capacity=command.capacity,
            region=command.region,
            created_by=command.created_by,
        )
    ]


def _update(facts: Facts, command: Update) -> Sequence[Event]:
    changed = replace(
        facts,
        name_mark=command.name.mark if command.name else facts.name_mark,
        theme=command.theme or facts.theme,
        is_private=facts.is_private if command.is_private is None else command.is_private,
        capacity=command.capacity or facts.capacity,
    )
    if changed == facts:
        return []
    renamed = command.name.text if command.name and changed.name_mark != facts.name_mark else None
    return [_told(changed, renamed)]


def _told(facts: Facts, name: str | None) -> RoomUpdate:
    return RoomUpdate(name=name, name_mark=facts.name_mark, is_locked=facts.is_locked, **facts.impersonal())


def evolve(state: Room, event: Event) -> Room:
    match event, state:
        case RoomCreate(), Unopened():
            return Open(_facts(event))
        case RoomUpdate(), Open():
            return Open(_facts(event))
        case RoomClose(), Open(facts):
            return Closed(facts)
        case _:
            return state


def _facts(event: RoomCreate | RoomUpdate) -> Facts:
    is_locked = isinstance(event, RoomUpdate) and event.is_locked
    return Facts(name_mark=event.name_mark, is_locked=is_locked, **{name: getattr(event, name) for name in SHOWN})


ROOM: Decider[Room, Command] = Decider("room", Unopened(), decide, evolve, state_type=Room, state_schema=2)
