"""Webhooks as a LiveKit server writes them, read word for word."""

from uuid import UUID

from google.protobuf.json_format import Parse
from livekit.protocol.webhook import WebhookEvent

from services.rooms.voice.words import Heard, Word, heard
from tests.rooms.people import after

ROOM, VISIT = UUID("7b0e6f6e-5d0c-4f6e-9a56-0b7d5e1c2f00"), UUID("0d6a3c52-2c1e-4c6d-8f40-6c5b7f2e9a11")
# 2026-02-06T21:00:05.250Z, told at :07. What is zero, as the type of an audio track, LiveKit leaves out.
PUBLISHED = """
{"event": "track_published", "id": "EV_yXN2pnZJeFkq", "createdAt": "1770411607",
 "room": {"sid": "RM_hycBMAjmt6Ub", "name": "7b0e6f6e-5d0c-4f6e-9a56-0b7d5e1c2f00"},
 "participant": {"sid": "PA_ePVoDqL3ut3p", "identity": "0d6a3c52-2c1e-4c6d-8f40-6c5b7f2e9a11"},
 "track": {"sid": "TR_AMnT7nS9Qm2xzA", "name": "microphone", "source": "MICROPHONE",
   "mimeType": "audio/red", "mid": "0",
   "codecs": [{"mimeType": "audio/red", "mid": "0", "cid": "c2c1"}], "stream": "camera",
   "version": {"unixMicro": "1770411605250000"}, "audioFeatures": ["TF_ECHO_CANCELLATION"], "somethingNew": 1}}
"""
LEFT = """
{"event": "participant_left", "id": "EV_2fF9zH4dEx7p", "createdAt": "1770411660", "numDropped": 2,
 "room": {"sid": "RM_hycBMAjmt6Ub", "name": "7b0e6f6e-5d0c-4f6e-9a56-0b7d5e1c2f00"},
 "participant": {"sid": "PA_ePVoDqL3ut3p", "identity": "0d6a3c52-2c1e-4c6d-8f40-6c5b7f2e9a11", "state": "DISCONNECTED",
   "joinedAt": "1770411601", "joinedAtMs": "1770411601870", "version": 5, "isPublisher": true,
   "permission": {"canSubscribe": true, "canPublish": true, "canPublishSources": ["MICROPHONE"]},
   "disconnectReason": "CLIENT_INITIATED"}}
"""


def read(text: str) -> Heard:
    return heard(Parse(text, WebhookEvent(), ignore_unknown_fields=True))


def test_a_track_began_when_its_version_says_and_not_when_that_was_told() -> None:
    said = read(PUBLISHED)
    assert (said.event_id, said.kind, said.room, said.at) == ("EV_yXN2pnZJeFkq", "track_published", ROOM, after(7.5))
    assert said.words() == [Word(VISIT, "TR_AMnT7nS9Qm2xzA", True, after(5.25))]


def test_the_end_of_a_track_says_when_it_began_too() -> None:
    ended = read(PUBLISHED.replace("track_published", "track_unpublished"))
    track = "TR_AMnT7nS9Qm2xzA"
    assert ended.words() == [Word(VISIT, track, True, after(5.25)), Word(VISIT, track, False, after(7.5))]


def test_whoever_left_speaks_no_more_as_far_as_is_known() -> None:
    said = read(LEFT)
    assert said.words() == [Word(VISIT, None, False, after(60.5), guessed=True)]
    assert said.dropped == 2
    assert said.participant
    assert said.participant.publishes is True


def test_only_microphones_are_counted_and_only_visits() -> None:
    assert read(PUBLISHED.replace('"MICROPHONE"', '"SCREEN_SHARE_AUDIO"')).words() == []
    assert (
        read(PUBLISHED.replace('"sid": "TR_AMnT7nS9Qm2xzA"', '"sid": "TR_AMnT7nS9Qm2xzA", "type": "VIDEO"')).words()
        == []
    )
    assert read(PUBLISHED.replace('"sid": "TR_AMnT7nS9Qm2xzA"', '"sid": "Dana Cohen"')).words() == []
    assert read(PUBLISHED.replace(str(VISIT), "recorder")).words() == []
    assert read(PUBLISHED.replace(str(ROOM), "standup")).room is None
