"""What a media server says, put into our words: whose microphone opened or closed, and when. No I/O.

A participant's identity is the visit, the name of a LiveKit room is the room's id. Times are the event's own, never
those of its arrival. A track carries when it was published, to the microsecond, in every word about it; so a lost
`track_published` costs nothing once any other word of that track has come.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from livekit.protocol.models import ParticipantInfo, TrackInfo, TrackSource, TrackType
from livekit.protocol.webhook import WebhookEvent

PUBLISHED: Final = "track_published"
UNPUBLISHED: Final = "track_unpublished"
JOINED: Final = "participant_joined"
GONE: Final = frozenset({"participant_left", "participant_connection_aborted"})
HALF: Final = 0.5  # seconds: LiveKit cuts its times off, and so many are wrong to either side then
SOURCES: Final = (TrackSource.MICROPHONE, TrackSource.UNKNOWN)
SID: Final = re.compile(r"TR_[A-Za-z0-9]{1,48}")  # as events take it
KNOWN: Final = frozenset({PUBLISHED, UNPUBLISHED, JOINED, *GONE})


@dataclass(frozen=True, slots=True)
class Microphone:
    """One track; `opened_at` where the server says when."""

    track: str
    opened_at: datetime | None


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody connected to a LiveKit room. `visit` is None for whom we never let in; `publishes`: may."""

    identity: str
    visit: UUID | None
    microphones: tuple[Microphone, ...] = ()
    publishes: bool | None = None  # None: not said


@dataclass(frozen=True, slots=True)
class Word:
    """Of one track, at `at`. `guessed`: by a look, see `deciders/tracks.py`. `track` None: all of the visit's."""

    visit: UUID
    track: str | None
    publishing: bool
    at: datetime
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """One webhook. `room` is None where it is about no room of ours."""

    event_id: str
    kind: str
    at: datetime
    room: UUID | None
    participant: Participant | None
    dropped: int = 0  # by the server, before this one

    def words(self) -> Sequence[Word]:
        if self.participant is None or (visit := self.participant.visit) is None:
            return []
        if self.kind in GONE:
            return [Word(visit, None, False, self.at, guessed=True)]  # it may have been another connection of theirs
        opened = [
            Word(visit, each.track, True, each.opened_at or self.at)
            for each in self.participant.microphones
            if each.opened_at or self.kind == PUBLISHED
        ]
        if self.kind == UNPUBLISHED:
            return [*opened, *(Word(visit, each.track, False, self.at) for each in self.participant.microphones)]
        return opened


def heard(event: WebhookEvent) -> Heard:
    """`participant_left` and the like carry no tracks, or those that were there: either way all have ended."""
    participant = None
    if event.HasField("participant"):
        tracks = [event.track] if event.HasField("track") else event.participant.tracks
        participant = participant_of(event.participant, tracks)
    return Heard(
        event.id,
        event.event,
        datetime.fromtimestamp(event.created_at + HALF, UTC),
        id_of(event.room.name),
        participant,
        event.num_dropped,
    )


def participant_of(info: ParticipantInfo, tracks: Iterable[TrackInfo] | None = None) -> Participant:
    return Participant(
        info.identity,
        id_of(info.identity),
        tuple(_microphones(info.tracks if tracks is None else tracks)),
        info.permission.can_publish if info.HasField("permission") else None,
    )


def id_of(name: str) -> UUID | None:
    """The id in the only form in which we write one; None for every other name."""
    try:
        found = UUID(name)
    except ValueError:
        return None
    return found if str(found) == name else None


def _microphones(tracks: Iterable[TrackInfo]) -> Iterable[Microphone]:
    for track in tracks:
        is_microphone = track.type == TrackType.AUDIO and track.source in SOURCES
        if is_microphone and SID.fullmatch(track.sid):
            since = track.version.unix_micro
            yield Microphone(track.sid, datetime.fromtimestamp(since / 1e6, UTC) if since else None)
