"""What one visitor may do: hold a seat, take it, leave it; one at a time over all rooms. Stream `visitor-{user}`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.rooms import RoomJoin, RoomLeave, SeatHold, SeatRelease, SessionDuration, VoiceState
from libs.contracts.vocabulary import LeaveReason
from libs.eventstore.decider import Decider
from services.rooms.deciders.night import Night, end_of_night
from services.rooms.deciders.refusals import RoomBanned, RoomClosed, RoomFull, RoomLocked, RoomPrivate, SeatGone
from services.rooms.deciders.seat import Seat
from services.rooms.deciders.visiting import Command, EndNight, Enter, Expel, Expire, Hold, Leave, Revoke, Speak, Tell
from services.rooms.deciders.voice import SILENT, Voice

__all__ = [
    "VISITOR", "Away", "Command", "EndNight", "Enter", "Expel", "Expire", "Held", "Hold", "Leave", "Revoke", "Seated",
    "Speak", "Visitor", "decide", "evolve", "room_of", "visitor_stream",
]  # fmt: skip


def visitor_stream(user_id: UUID) -> str:
    return f"visitor-{user_id}"


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
        case Seated(seat, voice=voice), Tell(visit_id, track, publishing, at) if seat.visit_id == visit_id:
            return seat.told(voice, track, at, publishing=publishing, guessed=command.guessed)
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
    if not (here or command.invited):
        if room.is_private:
            raise RoomPrivate
        if room.is_locked:
            raise RoomLocked
    waits = 0 if here and not run_out else command.before
    if room.occupied - here + waits >= room.capacity:  # one's own lapsed seat is about to be free
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
        case VoiceState(track=str(track), publishing=publishing, at=at, guessed=guessed), Seated(_, _, voice):
            return replace(state, voice=voice.told(track, at, publishing=publishing, guessed=guessed))
        case VoiceState(publishing=publishing, at=at), Seated(_, _, voice):
            return replace(state, voice=voice.turned(at, publishing=publishing))
        case RoomLeave(left_at=left_at), Seated(_, night):
            return Away(night.left(left_at))
        case SessionDuration(), Away():
            return Away()
        case _:
            return state


VISITOR: Decider[Visitor, Command] = Decider("visitor", Away(), decide, evolve, state_type=Visitor, state_schema=3)
