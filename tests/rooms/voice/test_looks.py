"""Looks at LiveKit rooms, every minute: they mend what nobody told, and repeat what must be so."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

import pytest
from livekit.api import LiveKitAPI
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.webhook import WebhookEvent

from services.rooms.settings import RoomsSettings
from services.rooms.voice.livekit import LiveKit, MediaAway
from services.rooms.voice.look import Looks
from tests.rooms.front import Front
from tests.rooms.people import ANN, BOB, after
from tests.rooms.voice.evening import Guest, evening
from tests.rooms.voice.mediaserver import KEY, SECRET, MediaServer
from tests.rooms.voice.test_livekit import post, seconds, webhook


@pytest.fixture
async def looks(front: Front, media: MediaServer) -> AsyncIterator[Looks]:
    house = front.house
    settings = RoomsSettings(**media.settings)
    async with LiveKitAPI(media.url, KEY, SECRET) as api:
        yield Looks(house.store, house.pool, settings, LiveKit(api), lambda: house.now)


async def look(looks: Looks, front: Front, at: float) -> None:
    front.house.now = after(at)
    await looks.look()


async def said(front: Front, user: UUID) -> list[tuple[bool, float, bool]]:
    """Publishing, seconds after nine, guessed."""
    rows = await front.house.pool.fetch(
        "select data from events where stream_id = $1 and name = 'voice_state' order by version", f"visitor-{user}"
    )
    return [
        (
            row["data"]["publishing"],
            (datetime.fromisoformat(row["data"]["at"]) - after(0)).total_seconds(),
            row["data"]["guessed"],
        )
        for row in rows
    ]


async def test_what_was_not_told_is_found_by_the_next_look(front: Front, media: MediaServer, looks: Looks) -> None:
    """Bob's microphone opened at 10 and closed some time between the looks at 60 and 120; nobody said either."""
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    media.come(room, bob.visit_id, "TR_1", opened=after(10).timestamp())
    await look(looks, front, 60)
    assert await said(front, BOB) == [(True, 10, False)]
    media.come(room, bob.visit_id)
    await look(looks, front, 120)
    assert await said(front, BOB) == [(True, 10, False), (False, 90, True)]
    await post(front, webhook("track_unpublished", room, bob.visit_id, 70, "TR_1", opened=10))
    await front.house.rooms.visits.leave(bob.visit_id, "left", after(200))
    assert await seconds(front, BOB) == [60], "a word that comes late is better than a guess"


async def test_a_track_that_was_only_overlooked_goes_on(front: Front, media: MediaServer, looks: Looks) -> None:
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    await post(front, webhook("track_published", room, bob.visit_id, 10, "TR_1"))
    media.come(room, bob.visit_id)  # the server's list lags behind
    await look(looks, front, 60)
    media.come(room, bob.visit_id, "TR_1", opened=after(10).timestamp())
    await look(looks, front, 120)
    await front.house.rooms.visits.leave(bob.visit_id, "left", after(130))
    assert await seconds(front, BOB) == [120]


async def test_a_webhook_that_comes_again_does_not_undo_what_was_seen_since(
    front: Front, media: MediaServer, looks: Looks
) -> None:
    """Bob had two connections, and one of them ended."""
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    await post(front, webhook("track_published", room, bob.visit_id, 10, "TR_1"))
    await post(front, left := webhook("participant_left", room, bob.visit_id, 30))
    media.come(room, bob.visit_id, "TR_1", opened=after(10).timestamp())
    await look(looks, front, 60)
    await post(front, left)
    await front.house.rooms.visits.leave(bob.visit_id, "left", after(100))
    assert await seconds(front, BOB) == [90]


async def test_what_opened_a_moment_ago_is_not_missed_yet(front: Front, media: MediaServer, looks: Looks) -> None:
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    media.come(room, bob.visit_id)
    await post(front, webhook("track_published", room, bob.visit_id, 58, "TR_1"))
    await look(looks, front, 60)
    assert await said(front, BOB) == [(True, 58, False)]


async def test_a_room_that_livekit_has_forgotten_is_looked_at_as_well(
    front: Front, media: MediaServer, looks: Looks
) -> None:
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    await post(front, webhook("track_published", room, bob.visit_id, 10, "TR_1"))
    media.rooms.clear()
    await look(looks, front, 60)
    assert await said(front, BOB) == [(True, 10, False), (False, 35, True)]


async def test_while_livekit_is_away_nothing_is_guessed(front: Front, media: MediaServer, looks: Looks) -> None:
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    media.come(room, bob.visit_id, "TR_1", opened=after(10).timestamp())
    await look(looks, front, 60)
    media.away = True
    for minute in (2, 3, 4):
        with pytest.raises(MediaAway):
            await look(looks, front, minute * 60)
    media.away = False
    await look(looks, front, 300)
    assert await said(front, BOB) == [(True, 10, False)]


async def test_whoever_has_no_seat_or_no_right_to_speak_is_found(
    front: Front, media: MediaServer, looks: Looks
) -> None:
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    media.come(room, bob.visit_id, "TR_1")
    media.come(room, uuid4(), "TR_2")
    await front.ask(ANN, "PUT", f"/rooms/{room}/mutes/{BOB}")
    await look(looks, front, 60)
    assert media.present(room) == {str(bob.visit_id)}
    assert not media.rooms[str(room)][str(bob.visit_id)].permission.can_publish
    await front.ask(ANN, "DELETE", f"/rooms/{room}/mutes/{BOB}")
    await look(looks, front, 120)
    assert media.rooms[str(room)][str(bob.visit_id)].permission.can_publish


async def test_rooms_of_others_on_the_same_server_are_left_alone(
    front: Front, media: MediaServer, looks: Looks
) -> None:
    theirs = uuid4()
    media.come(theirs, uuid4())
    media.rooms["daily standup"] = {}
    await look(looks, front, 60)
    assert len(media.present(theirs)) == 1
    assert {name for name, _ in media.calls} == {"ListRooms"}


async def test_each_room_is_looked_at_once_a_minute_however_many_look(
    front: Front, media: MediaServer, looks: Looks
) -> None:
    room = UUID(await front.room())
    media.come(room, (await front.house.seat(BOB, room)).visit_id)
    await look(looks, front, 60)
    await look(looks, front, 61)
    assert len(media.told("ListParticipants")) == 1
    await post(front, _dropped(webhook("track_published", room, uuid4(), 62, "TR_9")))
    await look(looks, front, 63)
    assert len(media.told("ListParticipants")) == 2, "LiveKit says that it dropped some: look at once"


async def test_an_evening_by_http_and_postgres(front: Front, media: MediaServer, looks: Looks) -> None:
    """A short one, of a few people; test_evenings.py has the long ones."""
    chance = random.Random(4)
    night = evening(chance, people=6)
    night.room = room = UUID(await front.room(capacity=50))
    visits: dict[str, UUID] = {}  # as the house calls them, by LiveKit's evening's names

    async def come(guest: Guest) -> None:
        visits[str(guest.visit)] = (await front.house.seat(guest.user, room, front.house.now)).visit_id

    async def go(guest: Guest) -> None:
        await front.house.rooms.visits.leave(visits[str(guest.visit)], "left", front.house.now)

    async def hear(event: WebhookEvent) -> None:
        if visit := visits.get(event.participant.identity):
            event = WebhookEvent.FromString(event.SerializeToString())
            event.participant.identity = str(visit)
            assert (await post(front, event)).status_code == 204

    async def look_at(listed: list[ParticipantInfo]) -> None:
        for each in listed:
            each.identity = str(visits[each.identity])
        media.rooms[str(room)] = {each.identity: each for each in listed}
        await looks.look()

    agenda: list[tuple[float, Callable[[], Awaitable[None]]]] = []
    for guest in night.guests:
        agenda += [(guest.came, partial(come, guest)), (guest.left, partial(go, guest))]
    agenda += [(at, partial(hear, event)) for at, event in night.delivered(chance)]
    minutes = [minute * 60.0 for minute in range(1, int(night.end / 60) + 1)]
    agenda += [(at, partial(look_at, night.listed(at))) for at in minutes]
    for at, happens in sorted(agenda, key=lambda each: each[0]):
        front.house.now = after(at)
        await happens()
    told = [sum(await seconds(front, guest.user)) for guest in night.guests]
    assert abs(sum(told) - night.spoken) / night.spoken <= 0.02, "few people: a guess weighs more"


def _dropped(event: WebhookEvent) -> WebhookEvent:
    event.num_dropped = 3
    return event
