"""Whole evenings by webhooks of which a tenth is lost, doubled, late: the seconds are right to a hundredth."""

import random
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from libs.contracts.event import Event
from libs.contracts.rooms import VoiceActiveSeconds
from services.rooms.deciders.visiting import Command, Leave, Tell
from services.rooms.deciders.visitor import VISITOR, Seated, decide
from services.rooms.voice.mend import Open, mended
from services.rooms.voice.words import Word, heard
from tests.rooms.people import after, room_join, room_leave, seat_hold
from tests.rooms.voice.evening import Evening, Guest, evening

WRONG_AT_MOST = 0.01
EVERY = 60.0  # seconds between two looks


class Counted:
    """One guest's stream: everything that was decided of it."""

    def __init__(self, guest: Guest) -> None:
        at = after(guest.came)
        ids = {"user_id": guest.user, "visit_id": guest.visit}
        self.story: list[Event] = [seat_hold(at=at, **ids), room_join(**ids)]
        self.state = VISITOR.fold(self.story)

    def do(self, command: Command) -> None:
        happened = decide(self.state, command)
        self.state = VISITOR.fold(happened, self.state)
        self.story += happened

    @property
    def seconds(self) -> int:
        return sum(event.seconds for event in self.story if isinstance(event, VoiceActiveSeconds))

    def open(self) -> list[Open]:
        if not isinstance(self.state, Seated):
            return []
        tracks = self.state.voice.tracks.tracks
        visit = self.state.seat.visit_id
        return [Open(visit, each.track, each.opened_at) for each in tracks if each.opened_at and not each.closed_at]


def counted(night: Evening, chance: random.Random, *, looks: bool = True) -> dict[UUID, Counted]:
    """What rooms makes of it, by visit."""
    streams: dict[UUID, Counted] = {}
    looked: list[float] = []

    def write_down(words: list[Word]) -> None:
        for word in words:
            if stream := streams.get(word.visit):
                stream.do(Tell(word.visit, word.track, word.publishing, word.at, word.guessed))

    def look(at: float) -> None:
        known = [each for stream in streams.values() for each in stream.open()]
        before = after(looked[-1]) if looked else None
        for words in mended(known, night.present(at), before, after(at)).values():
            write_down(list(words))
        looked.append(at)

    def come(guest: Guest) -> None:
        streams[guest.visit] = Counted(guest)

    def go(guest: Guest) -> None:
        streams[guest.visit].do(Leave(guest.visit, "left", after(guest.left)))

    agenda: list[tuple[float, Callable[[], None]]] = []
    for guest in night.guests:
        agenda += [(guest.came, lambda guest=guest: come(guest)), (guest.left, lambda guest=guest: go(guest))]  # type: ignore[misc]
    for at, event in night.delivered(chance):
        agenda.append((at, lambda event=event: write_down(list(heard(event).words()))))  # type: ignore[misc]
    if looks:
        agenda += [(at, lambda at=at: look(at)) for at in _every(night.end)]  # type: ignore[misc]
    for _, happens in sorted(agenda, key=lambda each: each[0]):
        happens()
    return streams


def believed(night: Evening, chance: random.Random) -> float:
    """The naive way: every webhook is believed as it comes, and takes effect when it comes."""
    since: dict[str, float] = {}
    total = 0.0
    for at, event in night.delivered(chance):
        if event.event == "track_published":
            since[event.track.sid] = at
        elif event.event == "track_unpublished":
            total += at - since.get(event.track.sid, at)
    return total


def wrong(night: Evening, seconds: float) -> float:
    return abs(seconds - night.spoken) / night.spoken


def _every(end: float) -> list[float]:
    return [n * EVERY for n in range(1, int(end / EVERY) + 1)]


@pytest.mark.parametrize("seed", range(12))
def test_the_seconds_of_an_evening_are_right_to_a_hundredth(seed: int) -> None:
    chance = random.Random(seed)
    night = evening(chance)
    streams = counted(night, chance)
    assert wrong(night, sum(each.seconds for each in streams.values())) <= WRONG_AT_MOST
    for guest in night.guests:
        assert streams[guest.visit].seconds <= round(guest.left - guest.came)


@pytest.mark.parametrize("seed", range(6))
def test_without_looks_the_same_checker_finds_too_much(seed: int) -> None:
    chance = random.Random(seed)
    night = evening(chance)
    streams = counted(night, chance, looks=False)
    assert wrong(night, sum(each.seconds for each in streams.values())) > WRONG_AT_MOST


@pytest.mark.parametrize("seed", range(6))
def test_whoever_believes_every_webhook_as_it_comes_is_found_out(seed: int) -> None:
    chance = random.Random(seed)
    night = evening(chance)
    assert wrong(night, believed(night, chance)) > WRONG_AT_MOST


def test_a_replay_of_the_log_gives_the_same_number() -> None:
    chance = random.Random(99)
    night = evening(chance, people=10)
    for guest in night.guests:
        story = counted(night, random.Random(7))[guest.visit].story
        ends = [n for n, event in enumerate(story) if isinstance(event, VoiceActiveSeconds)]
        assert len(ends) == bool(guest.sessions)
        for n in ends:
            leave = Leave(guest.visit, "left", after(guest.left))
            assert list(decide(VISITOR.fold(story[:n]), leave)) == story[n : n + 2]
            assert story[n + 1] == room_leave(
                "left", guest.visit, at=after(0) + timedelta(seconds=guest.left)
            ).model_copy(update={"user_id": guest.user})
