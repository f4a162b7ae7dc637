"""Whole evenings at a LiveKit house, and the webhooks and looks of each: what was true, and what came of it on the way.

What is sent is made of the messages that LiveKit makes its webhooks of. A tenth is lost, a tenth comes twice, a tenth
comes late.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from livekit.protocol.models import ParticipantInfo, Room, TrackInfo, TrackSource, TrackType
from livekit.protocol.webhook import WebhookEvent

from services.rooms.voice.words import Participant, participant_of
from tests.rooms.people import LOUNGE, after

LOST = TWICE = LATE = 0.1
LATEST: Final = 30.0  # seconds; LiveKit gives up then


@dataclass(frozen=True)
class Session:
    """One time that somebody's microphone was open: a track."""

    visit: UUID
    track: str
    opened: float
    closed: float


@dataclass(frozen=True)
class Guest:
    user: UUID
    visit: UUID
    came: float
    left: float
    sessions: Sequence[Session]

    @property
    def spoken(self) -> float:
        return sum(each.closed - each.opened for each in self.sessions)


@dataclass
class Evening:
    """`seconds` after nine. A guest leaves, and LiveKit hears of it, at once."""

    guests: list[Guest] = field(default_factory=list)
    room: UUID = LOUNGE

    @property
    def spoken(self) -> float:
        return sum(guest.spoken for guest in self.guests)

    @property
    def end(self) -> float:
        return max(guest.left for guest in self.guests)

    def webhooks(self) -> Iterator[tuple[float, WebhookEvent]]:
        """As LiveKit makes them, with when."""
        for guest in self.guests:
            yield guest.came, self._webhook("participant_joined", guest.came, guest.visit)
            for each in guest.sessions:
                yield each.opened, self._webhook("track_published", each.opened, guest.visit, each)
                yield each.closed, self._webhook("track_unpublished", each.closed, guest.visit, each)
            yield guest.left, self._webhook("participant_left", guest.left, guest.visit)

    def delivered(self, chance: random.Random) -> list[tuple[float, WebhookEvent]]:
        """In order of arrival."""
        arrivals = []
        for at, event in self.webhooks():
            if chance.random() >= LOST:
                arrivals.append((at + _delay(chance), event))
                if chance.random() < TWICE:
                    arrivals.append((at + _delay(chance), event))
        return sorted(arrivals, key=lambda arrival: arrival[0])

    def present(self, at: float) -> list[Participant]:
        """What LiveKit lists at that moment."""
        return [participant_of(each) for each in self.listed(at)]

    def listed(self, at: float) -> list[ParticipantInfo]:
        return [
            ParticipantInfo(
                identity=str(guest.visit),
                tracks=[_track(each) for each in guest.sessions if each.opened <= at < each.closed],
            )
            for guest in self.guests
            if guest.came <= at < guest.left
        ]

    def _webhook(self, kind: str, at: float, visit: UUID, session: Session | None = None) -> WebhookEvent:
        event = WebhookEvent(
            event=kind,
            id=f"EV_{visit.hex[-4:]}{kind}{session.track if session else ''}",
            created_at=int(_moment(at).timestamp()),
            room=Room(sid="RM_1", name=str(self.room)),
            participant=ParticipantInfo(sid=f"PA_{visit.hex[-6:]}", identity=str(visit)),
        )
        if session:
            event.track.CopyFrom(_track(session))
        return event


def evening(chance: random.Random, people: int = 40) -> Evening:
    """Two to three hours; people stay for ten minutes to ninety, and speak for a few seconds or for minutes."""
    made = Evening()
    for n in range(people):
        visit = UUID(int=chance.getrandbits(120))
        came = chance.uniform(0, 5400)
        left = came + chance.uniform(600, 5400)
        sessions, at = list[Session](), came + chance.uniform(1, 120)
        while at < left - 1:
            closed = min(left, at + max(2.0, chance.lognormvariate(4.3, 1.0)))
            sessions.append(Session(visit, f"TR_AM{visit.hex[-6:]}x{len(sessions)}", at, closed))
            at = closed + chance.uniform(2, 90)
        made.guests.append(Guest(UUID(int=n + 1), visit, came, left, sessions))
    return made


def _delay(chance: random.Random) -> float:
    return chance.uniform(0.5, LATEST) if chance.random() < LATE else chance.uniform(0.005, 0.3)


def _track(session: Session) -> TrackInfo:
    track = TrackInfo(sid=session.track, type=TrackType.AUDIO, source=TrackSource.MICROPHONE)
    track.version.unix_micro = int(_moment(session.opened).timestamp() * 1e6)
    return track


def _moment(seconds: float) -> datetime:
    return after(0) + timedelta(seconds=seconds)
