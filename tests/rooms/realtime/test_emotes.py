"""Emotes of the house are everybody's; others are for whoever has them, from the moment they have them."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from clients.python import Refused, Visit
from clients.python.events import Emoted
from deploy.native.redis import Redis as RedisServer
from libs.contracts.event import Event
from libs.contracts.identity import UserDelete
from libs.contracts.inventory import ItemAcquire
from services.rooms.belongings import BELONGINGS
from services.rooms.realtime.emotes import EMOTES, Emotes, is_sku
from services.rooms.realtime.room import Guest
from tests.rooms.api import Issuer
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, NINE
from tests.rooms.realtime.bar import Bar, opening
from tests.rooms.realtime.others import Others
from tests.rooms.safety import told
from tests.stack import KafkaServer
from tests.waiting import until

MOONWALK = "emote-moonwalk"
NEVER_AWAY = {"catch_up_seconds": 30.0, "away_seconds": 60.0, "silence_seconds": 120.0}


def got(user: UUID, sku: str = MOONWALK, kind: str = "emote") -> ItemAcquire:
    ids = {"acquisition_id": uuid4(), "item_id": uuid4(), "user_id": user}
    return ItemAcquire.model_validate({**ids, "sku": sku, "type": kind, "price_cents": 500, "source": "purchase"})


def guest(user: UUID, *emotes: str) -> Guest:
    return Guest(user, uuid4(), uuid4(), NINE, "web", emotes=emotes)


def test_the_houses_emotes_are_everybodys_and_others_their_owners() -> None:
    emotes = Emotes()
    assert all(emotes.has(guest(ANN), each) for each in EMOTES)
    assert not emotes.has(guest(ANN), MOONWALK)
    assert emotes.has(guest(ANN, MOONWALK), MOONWALK)
    emotes.learn(BOB, MOONWALK)
    assert emotes.has(guest(BOB), MOONWALK)
    assert not emotes.has(guest(ANN), MOONWALK)
    emotes.forget(BOB)
    assert not emotes.has(guest(BOB), MOONWALK)


def test_what_is_remembered_of_buyers_is_bounded() -> None:
    emotes, people = Emotes(remembered=3), [UUID(int=n) for n in range(10)]
    for user in (*people, people[0]):
        emotes.learn(user, MOONWALK)
    assert [user for user in people if emotes.has(guest(user), MOONWALK)] == [people[0], *people[-2:]]


@given(st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True))
def test_what_inventory_calls_a_sku_is_one(sku: str) -> None:
    assert got(ANN, sku).sku == sku
    assert is_sku(sku)


@pytest.mark.parametrize("word", ["", "Wave", "a b", "-a", "a--b", "a\n", "a" * 65, "💃"])
def test_what_nothing_is_called_is_none(word: str) -> None:
    assert not is_sku(word)


async def answer(visit: Visit, emote: str) -> str:
    """`done`, or the slug of the refusal."""
    try:
        await visit.emote(emote)
    except Refused as no:
        return no.slug
    return "done"


async def hears(house: House, *events: Event) -> None:
    """As rooms' consumer does it."""
    async with house.pool.acquire() as db, db.transaction():
        for event in events:
            await BELONGINGS.apply(db, told(event, stream=f"wallet-{event.subject}"))


async def test_who_came_in_with_an_emote_may_show_it_and_nobody_else(bar: Bar) -> None:
    room = await bar.house.room()
    await hears(bar.house, got(ANN), got(ANN), got(BOB, "drink-water", "drink"))
    ann, bob = await bar.join(room, ANN), await bar.join(room, BOB)
    assert [await answer(ann, each) for each in (MOONWALK, "emote-confetti", "wave")] == ["done", "not_owned", "done"]
    assert [await answer(bob, each) for each in (MOONWALK, "drink-water", "Wave")] == ["not_owned"] * 2 + ["invalid"]
    await until(lambda: len(bar.events(bob, Emoted)) == 2)
    assert [(shown.user, shown.emote) for shown in bar.events(bob, Emoted)] == [(ANN, MOONWALK), (ANN, "wave")]


async def test_it_outlives_the_socket_and_the_node(bar: Bar) -> None:
    room = await bar.house.room()
    await hears(bar.house, got(ANN))
    ann = await bar.join(room, ANN)
    welcomed = ann.welcome
    ann.cut()
    await until(lambda: ann.welcome is not welcomed)
    assert await answer(ann, MOONWALK) == "done"
    (seat,) = await bar.house.door.seats(room)
    assert list(seat.emotes) == [MOONWALK]


async def test_whoever_is_erased_has_none_any_more(bar: Bar) -> None:
    await hears(bar.house, got(ANN), got(BOB), UserDelete(user_id=ANN), got(ANN, "emote-confetti"))
    assert await bar.house.pool.fetchval("select array_agg(user_id) from owned_emotes") == [BOB]


@pytest.fixture
async def live(
    live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer, kafka: KafkaServer
) -> AsyncIterator[Bar]:
    """An API and a node that hear Kafka, and no consumer: the tables stay as they are."""
    await kafka.furnish()
    where = kafka.url_of("rooms")
    async with opening(live_house, issuer, redis, redis_server.url("rooms"), where, **NEVER_AWAY) as made:
        await made.node()
        yield made


async def test_bought_in_the_middle_of_a_visit_it_can_be_shown_at_once(live: Bar, kafka: KafkaServer) -> None:
    inventory, room = Others(kafka), await live.house.room()
    ann, bob = await live.join(room, ANN), await live.join(room, BOB)
    assert await answer(ann, MOONWALK) == "not_owned"
    await inventory.say(got(ANN), got(ANN, "drink-lager", "drink"))

    async def shown() -> bool:
        return await answer(ann, MOONWALK) == "done"

    await until(shown, within=20)
    assert await answer(bob, MOONWALK) == "not_owned"
    assert await answer(ann, "drink-lager") == "not_owned"
    await ann.leave()
    assert not await live.house.pool.fetchval("select exists (select from owned_emotes)"), "the tables know nothing yet"
    again = await live.join(room, ANN)
    assert await answer(again, MOONWALK) == "done"
