"""What one visitor may do: hold a seat, take it, leave it; one at a time over all rooms. Stream `visitor-{user}`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.rooms import RoomJoin, RoomLeave, SeatHold, SeatRelease, SessionDuration, VoiceState
from libs.contracts.vocabulary import DeviceType, JoinSource, LeaveReason
from libs.eventstore.decider import Decider
from services.rooms.deciders.night import Night, end_of_night
from services.rooms.deciders.refusals import RoomBanned, RoomClosed, RoomFull, RoomLocked, RoomPrivate, SeatGone
from services.rooms.deciders.seat import RoomNow, Seat
from services.rooms.deciders.voice import SILENT, Voice


def visitor_stream(user_id: UUID) -> str:
    return f"visitor-{user_id}"


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep a seat in `room` until `expires_at`, giving up any other. The ids are for a new visit and a new night."""

    user_id: UUID
    room: RoomNow
    visit_id: UUID
    night_id: UUID
    session_id: UUID
    issued_at: datetime  # of the access token that asks
    device_type: DeviceType
    join_source: JoinSource
    at: datetime
    expires_at: datetime
    night_gap: timedelta
    barred: bool = False  # by a sanction
    moderator: bool = False
    invite_id: UUID | None = None  # unused so far: it opens the room, and is used up by the seat


@dataclass(frozen=True, slots=True)
class Enter:
    """Turn the held seat into a visit; where it is too late, or the room closed or shrank meanwhile, give it back."""

    visit_id: UUID
    room: RoomNow
    at: datetime
    last_heartbeat: datetime | None = None  # of a visit that went on before on another socket


@dataclass(frozen=True, slots=True)
class Leave:
    """End the visit, or give the held seat back. Nothing happens where another visit goes on by now."""

    visit_id: UUID
    reason: LeaveReason
    left_at: datetime


@dataclass(frozen=True, slots=True)
class Revoke:
    """End a visit that the login `session_id` began (None: any) with a token issued by `issued_until` (None: any)."""

    reason: LeaveReason
    at: datetime
    session_id: UUID | None = None
    issued_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expel:
    """End a visit in `room_id` (None: anywhere) that began by `held_until` (None: at any time)."""

    reason: LeaveReason
    at: datetime
    room_id: UUID | None = None
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expire:
    """End the visit if its hold has run out, or if its visitor has been silent for `silence`."""

    visit_id: UUID
    at: datetime
    last_heartbeat: datetime
    silence: timedelta


@dataclass(frozen=True, slots=True)
class Speak:
    """Open the microphone, or close it."""

    visit_id: UUID
    publishing: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class EndNight:
    """Close the books on a night whose last leave is `night_gap` ago."""

    at: datetime
    night_gap: timedelta


@dataclass(frozen=True, slots=True)
class Away:
    night: Night | None = None  # the last one, until it is over
    kind: Literal["away"] = "away"


@dataclass(frozen=True, slots=True)
class Held:
    seat: Seat
    night: Night | None  # the one this visit would go on with
    kind: Literal["held"] = "held"


@dataclass(frozen=True, slots=True)
class Seated:
    seat: Seat
    night: Night
    voice: Voice = SILENT
    kind: Literal["seated"] = "seated"


Visitor = Away | Held | Seated
Command = Hold | Enter | Leave | Revoke | Expel | Expire | Speak | EndNight


def room_of(state: Visitor) -> UUID | None:
    """The room in which the visitor takes up a seat."""
    return None if isinstance(state, Away) else state.seat.room_id


def decide(state: Visitor, command: Command) -> Sequence[Event]:
    match state, command:
        case _, Hold():
            return _hold(state, command)
        case ((Held(seat) | Seated(seat)), Leave(visit_id, reason, left_at)) if seat.visit_id == visit_id:
            return _give_up(state, reason, left_at)
        case ((Held(seat) | Seated(seat)), Revoke(reason, at, session_id, until)) if seat.began_by(session_id, until):
            return _give_up(state, reason, at)
        case ((Held(seat) | Seated(seat)), Expel(reason, at, room_id, until)) if seat.is_in(room_id, until):
            return _give_up(state, reason, at)
        case Held(seat), Expire(visit_id, at) if seat.visit_id == visit_id and at >= seat.expires_at:
            return _give_up(state, "expired", at)
        case Seated(seat), Expire(visit_id, at, seen, silence) if seat.visit_id == visit_id and at - seen >= silence:
            return _give_up(state, "expired", seen)
        case Held(seat), Enter(visit_id) if seat.visit_id == visit_id:
            return _enter(seat, command)
        case Seated(seat, voice=voice), Enter(visit_id, room) if seat.visit_id == visit_id and room.is_open:
            return seat.turned(voice, command.last_heartbeat or command.at, publishing=False)  # a new socket is silent
        case _, Enter():
            raise SeatGone
        case Seated(seat, voice=voice), Speak(visit_id, publishing, at) if seat.visit_id == visit_id:
            return seat.turned(voice, at, publishing=publishing)
        case Away(night), EndNight(at, gap):
            return end_of_night(night, at, gap)
        case _:
            return []  # over already, or not yet due


def _hold(state: Visitor, command: Hold) -> Sequence[Event]:
    room, at = command.room, command.at
    if not room.is_open:
        raise RoomClosed
    if command.barred:
        raise RoomBanned
    here = room_of(state) == room.room_id
    run_out = isinstance(state, Held) and at >= state.seat.expires_at
    same_login = not isinstance(state, Away) and state.seat.session_id == command.session_id
    if here and not run_out and same_login:
        return []  # to another login it is a seat elsewhere: each ends with the login it began by
    if not (here or command.moderator or command.invite_id or room.created_by == command.user_id):
        if room.is_private:
            raise RoomPrivate
        if room.is_locked:
            raise RoomLocked
    if room.occupied - here >= room.capacity:  # one's own lapsed seat is about to be free
        raise RoomFull
    leaving = _give_up(state, "expired" if run_out else "switched", at)
    away = VISITOR.fold(leaving, state)
    over = end_of_night(away.night, at, command.night_gap)
    night = VISITOR.fold(over, away).night
    hold = SeatHold(
        visit_id=command.visit_id,
        night_id=night.night_id if night else command.night_id,
        room_id=room.room_id,
        user_id=command.user_id,
        join_source=command.join_source,
        device_type=command.device_type,
        session_id=command.session_id,
        issued_at=command.issued_at,
        held_at=at,
        expires_at=command.expires_at,
        invite_id=command.invite_id,
    )
    return [*leaving, *over, hold]


def _enter(seat: Seat, command: Enter) -> Sequence[Event]:
    room = command.room
    if not room.is_open:
        return [seat.released("room_closed")]
    if command.at >= seat.expires_at:
        return [seat.released("expired")]
    if room.occupied > room.capacity:
        return [seat.released("capacity")]
    return [seat.joined(room)]


def _give_up(state: Visitor, reason: LeaveReason, at: datetime) -> Sequence[Event]:
    match state:
        case Held(seat):
            return [seat.released(reason)]
        case Seated(seat, voice=voice):
            leave = seat.left(reason, at)
            seconds = voice.seconds(leave.left_at)
            return [leave] if seconds is None else [seat.spoke(seconds), leave]
        case Away():
            return []


def evolve(state: Visitor, event: Event) -> Visitor:
    match event, state:
        case SeatHold(), _:
            return Held(Seat(**event.model_dump()), state.night)
        case SeatRelease(), Held():
            return Away(state.night)
        case RoomJoin(), Held(seat, None):
            return Seated(seat, Night(seat.night_id, seat.user_id, seat.held_at))
        case RoomJoin(), Held(seat, Night() as night):
            return Seated(seat, night.another_visit())
        case VoiceState(publishing=publishing, at=at), Seated(_, _, voice):
            return replace(state, voice=voice.turned(at, publishing=publishing))
        case RoomLeave(left_at=left_at), Seated(_, night):
            return Away(night.left(left_at))
        case SessionDuration(), Away():
            return Away()
        case _:
            return state


VISITOR: Decider[Visitor, Command] = Decider("visitor", Away(), decide, evolve, state_type=Visitor, state_schema=2)
