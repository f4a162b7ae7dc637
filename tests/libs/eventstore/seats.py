"""A domain just large enough to hold the store to its promises: who sits where, and no room above its capacity."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event, Personal
from libs.contracts.topic import Topic
from libs.eventstore.db import Db
from libs.eventstore.decider import Decider, Refused
from libs.eventstore.projections import Projection, Replica, Table
from libs.eventstore.recorded import Recorded
from libs.eventstore.store import Store, Unit

NOON = datetime(2026, 2, 6, 12, tzinfo=UTC)


class SeatTake(Event):
    TOPIC: ClassVar[Topic | None] = Topic(producer="rooms", stream="seat")
    user_id: UUID
    room_id: UUID
    note: Personal[str] = None


class SeatLeave(Event):
    TOPIC: ClassVar[Topic | None] = Topic(producer="rooms", stream="seat")
    user_id: UUID
    room_id: UUID


class SeatPolish(Event):
    """Stored only."""

    user_id: UUID


CATALOGUE: dict[str, type[Event]] = {event.NAME: event for event in (SeatTake, SeatLeave, SeatPolish)}
TOPICS = {event.NAME: event.TOPIC for event in CATALOGUE.values() if event.TOPIC}


@dataclass(frozen=True)
class Take:
    user: UUID
    room: UUID
    note: str | None = None
    free: bool = True  # what the guard row said


@dataclass(frozen=True)
class Leave:
    user: UUID


@dataclass(frozen=True)
class Polish:
    user: UUID


class RoomFull(Refused):
    """Every seat is taken."""


class SittingElsewhere(Refused):
    """One seat each."""


@dataclass(frozen=True)
class Seat:
    room: UUID | None = None
    polished: int = 0


Command = Take | Leave | Polish


def decide(seat: Seat, command: Command) -> Sequence[Event]:
    match command:
        case Take(user, room) if seat.room is None:
            if not command.free:
                raise RoomFull
            return [SeatTake(user_id=user, room_id=room, note=command.note)]
        case Take(room=room):
            if seat.room != room:
                raise SittingElsewhere
            return []
        case Leave(user):
            return [] if seat.room is None else [SeatLeave(user_id=user, room_id=seat.room)]
        case Polish(user):
            return [SeatPolish(user_id=user)]


def evolve(seat: Seat, event: Event) -> Seat:
    match event:
        case SeatTake(room_id=room):
            return replace(seat, room=room)
        case SeatLeave():
            return replace(seat, room=None)
        case SeatPolish():
            return replace(seat, polished=seat.polished + 1)
    return seat


SEAT: Decider[Seat, Command] = Decider("seat", Seat(), decide, evolve, Seat)

TABLES = """
create table seats (
  user_id uuid primary key, room_id uuid not null, taken_at timestamptz not null, note text,
  last_seen timestamptz not null default now()  -- operational
);
create table echoes (user_id uuid primary key, room_id uuid not null, stream_version bigint not null);
create table guards (room_id uuid primary key, capacity int not null, occupied int not null default 0);
"""
TAKEN = """
insert into seats (user_id, room_id, taken_at, note) values ($1, $2, $3, $4)
on conflict (user_id) do update set room_id = excluded.room_id, taken_at = excluded.taken_at, note = excluded.note
"""
LEFT = "delete from seats where user_id = $1"
GUARD = "select room_id, capacity, occupied from guards where room_id = any($1) order by room_id for update"
OCCUPY = "update guards set occupied = occupied + $2 where room_id = $1"
OPEN = "insert into guards (room_id, capacity) values ($1, $2)"


async def project(db: Db, recorded: Recorded) -> None:
    match recorded.event:
        case SeatTake(user_id=user, room_id=room, note=note):
            await db.execute(TAKEN, user, room, recorded.at, note)
        case SeatLeave(user_id=user):
            await db.execute(LEFT, user)


ECHOED = """
insert into echoes (user_id, room_id, stream_version) values ($1, $2, $3)
on conflict (user_id) do update set room_id = excluded.room_id, stream_version = excluded.stream_version
where echoes.stream_version < excluded.stream_version
"""


async def echo(db: Db, envelope: Envelope) -> None:
    """What another service tells about seats, in whatever order."""
    take = SeatTake.read(envelope.data, envelope.schema_version)
    await db.execute(ECHOED, take.user_id, take.room_id, envelope.stream_version)


ECHOES = Replica((Table("echoes", ("user_id",), ("room_id", "stream_version")),), echo)
SEATS = Projection((Table("seats", ("user_id",), ("room_id", "taken_at", "note")),), project)


def seat_of(user: UUID) -> str:
    return f"seat-{user}"


async def take(store: Store, user: UUID, room: UUID) -> None:
    """Guard, look, append, count: as a service does it."""

    async def work(unit: Unit) -> None:
        [guard] = await unit.guard(GUARD, [room])
        seat = await unit.load(SEAT, seat_of(user))
        events = decide(seat.state, Take(user, room, free=guard["occupied"] < guard["capacity"]))
        await unit.append(SEAT, seat, events)
        await unit.db.execute(OCCUPY, room, len(events))

    await store.run(work, at=datetime.now(UTC))


async def leave(store: Store, user: UUID, room: UUID) -> None:
    async def work(unit: Unit) -> None:
        await unit.guard(GUARD, [room])
        seat = await unit.load(SEAT, seat_of(user))
        events = decide(seat.state, Leave(user))
        await unit.append(SEAT, seat, events)
        await unit.db.execute(OCCUPY, room, -len(events))

    await store.run(work, at=datetime.now(UTC))
