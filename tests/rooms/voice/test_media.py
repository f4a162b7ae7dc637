"""A node of a house with a media server: what happens in the room happens to its voices, at once and by itself."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from libs.contracts.event import Event
from libs.contracts.social import BlockUser, UnblockUser
from libs.safety.pairs import pair_stream
from libs.safety.replica import PAIRS
from tests.rooms.api import Issuer
from tests.rooms.house import House
from tests.rooms.realtime.bar import Bar, Raw, opening, raw
from tests.rooms.realtime.conftest import issuer, live_house, redis  # noqa: F401 - fixtures
from tests.rooms.safety import told
from tests.rooms.voice.mediaserver import MediaServer
from tests.waiting import until

ANN, BOB, CAT = (UUID(int=n) for n in (1, 2, 3))
NO_KAFKA = "kafka://127.0.0.1:1"


@pytest.fixture
async def bar(
    live_house: House,  # noqa: F811
    issuer: Issuer,  # noqa: F811
    redis: "Redis",  # noqa: F811
    redis_server: RedisServer,
    media: MediaServer,
) -> AsyncIterator[Bar]:
    """Without Kafka: what other people do comes by the tables, which this node asks often."""
    told = {"safety_seconds": 0.2, **media.settings}
    async with opening(live_house, issuer, redis, redis_server.url("rooms"), NO_KAFKA, **told) as made:
        await made.node()
        yield made


@dataclass
class Inside:
    socket: Raw
    visit: UUID
    track: str


@asynccontextmanager
async def inside(bar: Bar, media: MediaServer, room: UUID, *users: UUID) -> AsyncIterator[list[Inside]]:
    """Everybody in the room, and in its voice, speaking."""
    async with AsyncExitStack() as stack:
        guests = []
        for user in users:
            body = await bar.ticket(room, user)
            socket = await stack.enter_async_context(raw(body["ws_url"]))
            await socket.hello(body["ticket"])
            guest = Inside(socket, UUID(body["visit_id"]), f"TR_{user.int}")
            media.come(room, guest.visit, guest.track)
            guests.append(guest)
        yield guests


def publishes(media: MediaServer, room: UUID, guest: Inside) -> bool:
    who = media.rooms[str(room)][str(guest.visit)]
    return who.permission.can_publish and bool(who.tracks)


async def test_whoever_leaves_or_is_shown_out_is_out_of_its_voice(bar: Bar, media: MediaServer) -> None:
    room = await bar.house.room(host=ANN)
    async with inside(bar, media, room, ANN, BOB, CAT) as (ann, bob, cat):
        await bob.socket.send(t="leave", cid="bye")
        await until(lambda: media.present(room) == {str(ann.visit), str(cat.visit)}, within=10)
        await ann.socket.send(t="kick", cid=1, user=str(CAT))
        await until(lambda: media.present(room) == {str(ann.visit)}, within=10)


async def test_a_mute_ends_what_is_published_and_an_unmute_gives_the_right_back(bar: Bar, media: MediaServer) -> None:
    room = await bar.house.room(host=ANN)
    async with inside(bar, media, room, ANN, BOB) as (ann, bob):
        await ann.socket.send(t="mute", cid=1, user=str(BOB))
        await until(lambda: not publishes(media, room, bob), within=10)
        assert publishes(media, room, ann)
        await ann.socket.send(t="unmute", cid=2, user=str(BOB))
        await until(lambda: media.rooms[str(room)][str(bob.visit)].permission.can_publish, within=10)


async def hear(bar: Bar, event: Event, place: int) -> None:
    async with bar.house.pool.acquire() as db, db.transaction():
        await PAIRS.apply(db, told(event, place, stream=pair_stream(ANN, BOB)))


async def test_a_block_parts_two_voices_and_its_end_brings_them_together(bar: Bar, media: MediaServer) -> None:
    room = await bar.house.room()
    async with inside(bar, media, room, ANN, BOB, CAT) as (ann, bob, _):
        await hear(bar, BlockUser(blocker_user_id=ANN, blocked_user_id=BOB), 1)
        apart = {(str(ann.visit), bob.track), (str(bob.visit), ann.track)}
        await until(lambda: media.deaf == apart, within=10)
        await hear(bar, UnblockUser(blocker_user_id=ANN, blocked_user_id=BOB), 2)
        await until(lambda: media.deaf == set(), within=10)


async def test_with_the_media_server_away_the_room_goes_on_and_it_is_told_afterwards(
    bar: Bar, media: MediaServer
) -> None:
    room = await bar.house.room(host=ANN)
    async with inside(bar, media, room, ANN, BOB, CAT) as (ann, bob, cat):
        media.away = True
        await bob.socket.send(t="leave", cid="bye")
        assert await bob.socket.code() == 1000
        await ann.socket.send(t="mute", cid=1, user=str(CAT))
        assert (await cat.socket.told("mute"))["user"] == str(CAT)
        assert await bar.house.occupied(room) == 2
        media.away = False
        await until(lambda: media.present(room) == {str(ann.visit), str(cat.visit)}, within=20)
        await until(lambda: not publishes(media, room, cat), within=20)


async def test_whose_voice_is_whose_is_told_to_those_who_may_see_them_alone(bar: Bar, media: MediaServer) -> None:
    await hear(bar, BlockUser(blocker_user_id=ANN, blocked_user_id=BOB), 1)
    room = await bar.house.room()
    async with inside(bar, media, room, ANN, BOB) as (ann, _), inside(bar, media, room, CAT) as (cat,):
        assert (await ann.socket.told("join"))["visit"] == str(cat.visit), "Bob's never came"
        seen = {each["user"]: each["visit"] for each in (await cat.socket.told("snapshot"))["members"]}
        assert seen[str(ANN)] == str(ann.visit)
        await cat.socket.send(t="voice_state", cid=1, publishing=True)
        assert (await cat.socket.told("error"))["type"].endswith("/voice_off")
