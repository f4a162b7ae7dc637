"""A house with a media server: who gets a token, whose webhooks are believed, and what comes of them."""

from uuid import UUID

import asyncpg
import httpx2
from livekit.api import TokenVerifier
from livekit.protocol.models import ParticipantInfo, Room, TrackInfo, TrackSource, TrackType
from livekit.protocol.room import RoomParticipantIdentity
from livekit.protocol.webhook import WebhookEvent

from libs.contracts.catalogue import EVENTS
from libs.contracts.social import MuteUser
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from libs.safety.pairs import pair_stream
from libs.safety.replica import PAIRS
from services.rooms.projections import ROOMS
from tests.rooms.front import Front, problem
from tests.rooms.people import ANN, BOB, after
from tests.rooms.voice.mediaserver import KEY, SECRET, MediaServer, signed

CAT = UUID(int=3)


async def post(front: Front, event: WebhookEvent, **forged: str) -> httpx2.Response:
    body, headers = signed(event, **forged)
    return await front.http.post("/v1/voice/webhooks", content=body, headers=headers)


def webhook(kind: str, room: UUID, visit: UUID, at: float, track: str | None = None, opened: float = 0) -> WebhookEvent:
    event = WebhookEvent(
        event=kind,
        id=f"EV_{kind}{visit.hex[-4:]}{track}{at}",
        created_at=int(after(at).timestamp()),
        room=Room(sid="RM_1", name=str(room)),
        participant=ParticipantInfo(sid="PA_1", identity=str(visit)),
    )
    if track:
        info = TrackInfo(sid=track, type=TrackType.AUDIO, source=TrackSource.MICROPHONE)
        info.version.unix_micro = int(after(opened or at).timestamp() * 1e6)
        event.track.CopyFrom(info)
    return event


async def seconds(front: Front, user: UUID) -> list[int]:
    rows = await front.house.pool.fetch(
        "select data from events where stream_id = $1 and name = 'voice_active_seconds'", f"visitor-{user}"
    )
    return [row["data"]["seconds"] for row in rows]


async def turns(front: Front, user: UUID) -> int:
    asked = "select count(*) from events where stream_id = $1 and name = 'voice_state'"
    return int(await front.house.pool.fetchval(asked, f"visitor-{user}"))


async def test_the_token_is_for_one_seat_and_says_nothing_of_the_person(front: Front, media: MediaServer) -> None:
    room = UUID(await front.room())
    path = f"/rooms/{room}/voice/token"
    assert problem(await front.ask(BOB, "POST", path)) == (409, "no_seat")
    entered = await front.house.seat(BOB, room)
    answer = await front.ask(BOB, "POST", path)
    told = answer.json()
    assert (told["adapter"], told["url"]) == ("livekit", media.url.replace("http", "ws"))
    assert (UUID(told["room"]), UUID(told["identity"])) == (room, entered.visit_id)
    assert answer.headers["cache-control"] == "no-store"
    claims = TokenVerifier(KEY, SECRET).verify(told["token"])
    assert claims.video
    assert (claims.identity, claims.name, claims.metadata) == (str(entered.visit_id), "", "")
    assert (claims.video.room, claims.video.room_join, claims.video.room_admin) == (str(room), True, None)
    assert (claims.video.can_publish_sources, claims.video.can_publish_data) == (["microphone"], False)
    assert str(BOB) not in told["token"]
    await front.ask(ANN, "PUT", f"/rooms/{room}/mutes/{BOB}")
    assert problem(await front.ask(BOB, "POST", path)) == (403, "muted")


async def test_only_what_livekit_has_signed_is_believed(front: Front) -> None:
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    event = webhook("track_published", room, bob.visit_id, 5, "TR_1")
    assert problem(await post(front, event, secret="another secret that is long enough")) == (401, "unauthenticated")
    assert problem(await post(front, event, key="another")) == (401, "unauthenticated")
    body, headers = signed(event)
    for spoiled, shown in (
        (body.replace(b"TR_1", b"TR_2"), headers),
        (body, {"authorization": ""}),
        (body, {"authorization": "Bearer nonsense"}),
        (b"\xff\xfe", headers),
    ):
        answer = await front.http.post("/v1/voice/webhooks", content=spoiled, headers=shown)
        assert problem(answer) == (401, "unauthenticated")
    large = await front.http.post("/v1/voice/webhooks", content=b"x" * 70_000, headers=headers)
    assert problem(large) == (413, "too_large")
    assert await turns(front, BOB) == 0
    assert (await front.http.post("/v1/voice/webhooks", content=body, headers=headers)).status_code == 204
    assert await turns(front, BOB) == 1


async def test_a_webhook_is_taken_once_whatever_order_they_come_in(front: Front) -> None:
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    opened = webhook("track_published", room, bob.visit_id, 5, "TR_1")
    closed = webhook("track_unpublished", room, bob.visit_id, 15, "TR_1", opened=5)
    again = webhook("track_published", room, bob.visit_id, 20, "TR_2")
    for event in (closed, again, opened, closed, again, opened):
        assert (await post(front, event)).status_code == 204
    assert await turns(front, BOB) == 3
    await front.house.rooms.visits.leave(bob.visit_id, "left", after(30))
    assert (await post(front, webhook("track_unpublished", room, bob.visit_id, 40, "TR_2"))).status_code == 204
    assert await seconds(front, BOB) == [20]


async def test_what_concerns_no_visit_of_ours_is_answered_and_forgotten(front: Front, media: MediaServer) -> None:
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    other = UUID(await front.room())
    strange = webhook("track_published", room, bob.visit_id, 5, "TR_1")
    strange.room.name = "somebody else's"
    for event in (
        strange,
        WebhookEvent(event="room_started", id="EV_1", room=Room(name=str(room))),
        WebhookEvent(event="egress_started", id="EV_2"),
        webhook("track_published", other, bob.visit_id, 5, "TR_1"),
        webhook("track_published", room, UUID(int=77), 5, "TR_1"),
    ):
        assert (await post(front, event)).status_code == 204
    assert await turns(front, BOB) == 0
    theirs = UUID(int=79)
    media.come(theirs, UUID(int=80))
    await post(front, webhook("participant_joined", theirs, UUID(int=80), 5))
    assert media.told("RemoveParticipant") == [
        RoomParticipantIdentity(room=str(other), identity=str(bob.visit_id)),
        RoomParticipantIdentity(room=str(room), identity=str(UUID(int=77))),
    ], "whoever is in a room of ours without a seat there, and nobody in another's"


async def test_whoever_has_no_seat_is_shown_out_again_at_once(front: Front, media: MediaServer) -> None:
    """The token may still be good; the visit it names is over for good."""
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    await front.house.rooms.visits.leave(bob.visit_id, "kicked", after(5))
    media.come(room, bob.visit_id)
    assert (await post(front, webhook("participant_joined", room, bob.visit_id, 6))).status_code == 204
    assert media.present(room) == set()


async def test_whoever_was_muted_on_the_way_in_comes_in_silent(front: Front, media: MediaServer) -> None:
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    await front.ask(ANN, "PUT", f"/rooms/{room}/mutes/{BOB}")
    who = media.come(room, bob.visit_id)
    event = webhook("participant_joined", room, bob.visit_id, 6)
    event.participant.CopyFrom(who)
    await post(front, event)
    assert not media.rooms[str(room)][str(bob.visit_id)].permission.can_publish


async def test_people_in_a_block_do_not_hear_each_other_and_a_mute_works_one_way(
    front: Front, media: MediaServer
) -> None:
    """Ann has blocked Bob, Cat has muted Ann: neither Bob nor Cat hears Ann, she hears Cat and not Bob."""
    await front.blocks(ANN, BOB)
    await front.hear(PAIRS, MuteUser(muter_user_id=CAT, muted_user_id=ANN), pair_stream(ANN, CAT))
    room = UUID(await front.room())
    ann, bob, cat = [await front.house.seat(user, room) for user in (ANN, BOB, CAT)]
    for visit, track in ((ann, "TR_ann"), (bob, "TR_bob"), (cat, "TR_cat")):
        media.come(room, visit.visit_id, track)
        await post(front, webhook("participant_joined", room, visit.visit_id, 4))
        await post(front, webhook("track_published", room, visit.visit_id, 5, track))
    expected = {(str(bob.visit_id), "TR_ann"), (str(cat.visit_id), "TR_ann"), (str(ann.visit_id), "TR_bob")}
    assert media.deaf == expected
    media.deaf.clear()
    await post(front, webhook("participant_joined", room, bob.visit_id, 9))
    assert (str(bob.visit_id), "TR_ann") in media.deaf, "who comes later does not hear what is spoken already"


async def test_a_webhook_counts_also_while_the_media_server_takes_no_orders(front: Front, media: MediaServer) -> None:
    media.away = True
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    assert (await post(front, webhook("participant_joined", room, UUID(int=78), 5))).status_code == 204
    assert (await post(front, webhook("track_published", room, bob.visit_id, 5, "TR_1"))).status_code == 204
    assert await turns(front, BOB) == 1


async def test_microphones_are_the_same_from_the_log(front: Front) -> None:
    room = UUID(await front.room())
    bob = await front.house.seat(BOB, room)
    await front.house.seat(CAT, room)
    for event in (
        webhook("track_unpublished", room, bob.visit_id, 15, "TR_1", opened=5),
        webhook("track_published", room, bob.visit_id, 20, "TR_2"),
        webhook("participant_left", room, bob.visit_id, 30),
    ):
        await post(front, event)
    rows = await front.house.pool.fetch("select track, closed from microphones order by track")
    assert [tuple(row) for row in rows] == [("TR_1", True), ("TR_2", True)]
    owner = await asyncpg.connect(front.house.urls.owner, server_settings={"search_path": "rooms"})
    try:
        compared = await Rebuild(owner, Reader(front.house.cipher, EVENTS), [ROOMS]).compare()
    finally:
        await owner.close()
    assert compared.differences == []
    await front.house.rooms.visits.leave(bob.visit_id, "left", after(40))
    assert await front.house.pool.fetchval("select count(*) from microphones") == 0
    assert await seconds(front, BOB) == [21], "half a second for each that LiveKit cut off"
