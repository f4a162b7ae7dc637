"""The one rule, on every surface a room has, in both directions, on real sockets: what it says is what happens."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from libs.contracts.event import Event
from libs.contracts.social import FriendAccept, ProfileCreate
from libs.safety.pairs import pair_stream
from libs.safety.relation import GOOD, STRANGERS, Relation, Standing
from libs.safety.replica import PAIRS
from libs.safety.rule import can_interact
from libs.safety.surface import Surface
from services.rooms.guests import GUESTS
from tests.rooms.api import Issuer
from tests.rooms.house import House
from tests.rooms.realtime.bar import Bar, opening
from tests.rooms.realtime.meeting import DEEDS, ELSEWHERE, WITHIN, Meeting, chats
from tests.rooms.realtime.others import Others
from tests.rooms.realtime.views import block, mute
from tests.rooms.safety import imposed, told
from tests.stack import KafkaServer
from tests.waiting import until

UNHURRIED: Final = {
    **dict.fromkeys(("away_seconds", "silence_seconds", "safety_seconds"), 600.0),
    "catch_up_seconds": 30.0,
    **{f"limit_{name}_{span}": 10_000 for name in ("chat", "emotes", "hellos") for span in ("per_minute", "burst")},
}


@dataclass(frozen=True)
class Case:
    """`says(one, other)`: what others tell of the two; `relation` is what that makes, from the first one's side."""

    says: Callable[[UUID, UUID], Sequence[Event]]
    relation: Relation = STRANGERS
    standing: Standing = field(default=GOOD)  # of the first one


CASES: Final = {
    "strangers": Case(lambda one, other: []),
    "friends": Case(lambda one, other: [FriendAccept(user_id=one, friend_user_id=other)], Relation(friends=True)),
    "one blocks the other": Case(lambda one, other: [block(one, other)], Relation(a_blocks=True)),
    "one mutes the other": Case(lambda one, other: [mute(one, other)], Relation(a_mutes=True)),
    "one is muted by the house": Case(lambda one, _: [imposed("mute", one)], standing=Standing(muted=True)),
}


@pytest.fixture
async def live(
    live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer, kafka: KafkaServer
) -> AsyncIterator[Bar]:
    """API, relay and consumers with Kafka between them, and a node."""
    await kafka.furnish()
    roles, url = ("relay", "consumers"), redis_server.url("rooms")
    async with opening(live_house, issuer, redis, url, kafka.url_of("rooms"), *roles, **UNHURRIED) as made:
        await made.node()
        yield made


def test_every_surface_has_a_row_or_is_no_rooms() -> None:
    assert set(DEEDS) | ELSEWHERE == set(Surface)
    assert not set(DEEDS) & ELSEWHERE


async def known(bar: Bar, *events: Event) -> None:
    """As if rooms had heard it long ago."""
    async with bar.house.pool.acquire() as db:
        for n, event in enumerate(events, 1):
            users = [getattr(event, name) for name in sorted(type(event).USERS)]
            replica, stream = (PAIRS, pair_stream(*users)) if len(users) == 2 else (GUESTS, f"profile-{event.subject}")
            await replica.apply(db, told(event, n, stream=stream))


async def meeting(bar: Bar, kafka: KafkaServer, one: UUID, other: UUID, *before: Event) -> Meeting:
    """The two share an interest; the third one is a friend of both."""
    friend, room = uuid4(), await bar.house.room()
    interests = {one: ("wine",), other: ("wine",), friend: ("quiz",)}
    words: Any = {"avatar_id": "ace", "avatar_config": {}, "locale": "en", "privacy_level": "public"}
    profiles = [ProfileCreate(user_id=user, interests=shared, **words) for user, shared in interests.items()]
    friends = [FriendAccept(user_id=user, friend_user_id=friend) for user in (one, other)]
    await known(bar, *profiles, *friends, *before)
    return Meeting(bar, Others(kafka), room, {user: await bar.join(room, user) for user in interests}, friend)


async def outcome(here: Meeting, one: UUID, other: UUID) -> dict[tuple[str, str], bool]:
    """By surface and direction: whether it reached them."""
    ways = {"there": (one, other), "back": (other, one)}
    return {(surface, way): await deed(here, *pair) for surface, deed in DEEDS.items() for way, pair in ways.items()}


def meant(case: Case) -> dict[tuple[str, str], bool]:
    there = {(each, "there"): bool(can_interact(case.standing, GOOD, each, case.relation)) for each in DEEDS}
    back = {(each, "back"): bool(can_interact(GOOD, case.standing, each, case.relation.turned())) for each in DEEDS}
    return {key: {**there, **back}[key] for each in DEEDS for key in ((each, "there"), (each, "back"))}


@pytest.mark.parametrize("name", ["strangers", "friends", "one blocks the other", "one mutes the other"])
async def test_what_was_known_before_they_came_holds_everywhere(live: Bar, kafka: KafkaServer, name: str) -> None:
    """Whoever has blocked somebody may sit in one room with them; neither is there for the other."""
    case, one, other = CASES[name], uuid4(), uuid4()
    here = await meeting(live, kafka, one, other, *case.says(one, other))
    assert await outcome(here, one, other) == meant(case)


@pytest.mark.parametrize("name", ["one blocks the other", "one mutes the other", "one is muted by the house"])
async def test_what_happens_while_they_are_there_holds_everywhere_soon(
    live: Bar, kafka: KafkaServer, name: str
) -> None:
    case, one, other = CASES[name], uuid4(), uuid4()
    here = await meeting(live, kafka, one, other)
    assert await chats(here, one, other)
    assert await chats(here, other, one)
    wanted = meant(case)
    await here.others.say(*case.says(one, other))

    async def followed() -> bool:
        words = {way: wanted[Surface.CHAT, way] for way in ("there", "back")}
        return {"there": await chats(here, one, other), "back": await chats(here, other, one)} == words

    await until(followed, within=WITHIN)
    if case.relation != STRANGERS:  # and by the service's own tables
        pairs = "select exists (select from pairs where $1 in (low, high) and $2 in (low, high))"
        await until(lambda: _truly(live, pairs, one, other), within=WITHIN)
    assert await outcome(here, one, other) == wanted


async def _truly(bar: Bar, asked: str, *what: UUID) -> bool:
    return bool(await bar.house.pool.fetchval(asked, *what))
