"""Whoever is erased leaves rooms as if they had never been there, but for what others did."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from libs.chassis.consumers import Consumers
from libs.chassis.consumers.applying import Applying
from libs.chassis.erasing import Clear, erases
from libs.chassis.kafka import Kafka
from libs.contracts.catalogue import EVENTS
from libs.contracts.identity import UserDelete
from libs.eventstore.gone import PersonErased
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from libs.eventstore.store import Once
from libs.eventstore.verify import stream_faults
from services.rooms.deciders import DECIDERS
from services.rooms.deciders.refusals import InviteUsed
from services.rooms.erasure import clear
from services.rooms.hosting import Plan
from services.rooms.projections import ROOMS
from services.rooms.realtime.lane_wire import lane_key
from services.rooms.visits import Guest
from services.rooms.words import Words
from tests.libs.chassis.house import envelope_of
from tests.rooms.house import House
from tests.rooms.people import NINE

CANARY = "Canary's own corner"
TABLES = """
select table_name from information_schema.tables
where table_schema = 'rooms' and table_type = 'BASE TABLE'
  and table_name not in ('events', 'heard', 'streams', 'erased')"""
LATER = NINE + timedelta(minutes=1)


@pytest.fixture
async def owner(house: House) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    db = await asyncpg.connect(house.urls.owner, server_settings={"search_path": "rooms"})
    try:
        yield db
    finally:
        await db.close()


async def erased(house: House, user: UUID, clear: Clear = clear) -> None:
    """As a consumer does it."""
    consumers = Consumers("rooms", Kafka.parse("kafka://127.0.0.1:1"), house.pool, store=house.store)
    erases(consumers, "rooms", house.keys, clear)
    applying = Applying("rooms", consumers._handlers, house.pool, house.store, lambda: LATER)
    await applying.alone(envelope_of(UserDelete(user_id=user), f"user-{user}"))


async def naming(house: House, word: str) -> set[str]:
    """The tables in which it is to be read; the log says ids for ever."""
    found = set()
    for (table,) in [tuple(row) for row in await house.pool.fetch(TABLES)]:
        rows = await house.pool.fetch(f"select t::text as said from {table} t")
        found |= {table for row in rows if word in row["said"]}
    return found


async def an_evening(house: House) -> tuple[UUID, UUID, UUID]:
    """Ann hosts a room, invites, sits there with Bob; both have been elsewhere before."""
    await house.node()
    ann, bob = uuid4(), uuid4()
    elsewhere = await house.room()
    for user in (ann, bob):
        await house.seat(user, elsewhere)
    plan = Plan(CANARY, "lounge", False, 50, "eu")
    room = await house.rooms.hosting.create(ann, plan, NINE, Once(ann, "canary-key", b""))
    for user in (ann, bob):
        await house.seat(user, room, once=Once(user, f"join-{user}", b""))
    await house.rooms.invites.create(room, ann, None, NINE, moderator=False)
    return ann, bob, room


async def test_visits_seats_nights_and_names_are_gone_and_others_stay(house: House) -> None:
    ann, bob, room = await an_evening(house)
    assert await naming(house, CANARY) == {"rooms"}, "the control"
    assert {"seats", "nights", "room_memberships", "idempotency"} <= await naming(house, str(ann))
    before = await house.pool.fetch("select * from room_memberships where user_id = $1 order by id", bob)
    await erased(house, ann)
    assert await naming(house, CANARY) == await naming(house, "canary-key") == set()
    assert await naming(house, str(ann)) == {"rooms", "room_guards"}, "whose they were"
    assert await house.pool.fetch("select * from room_memberships where user_id = $1 order by id", bob) == before
    assert [name for name, _ in await house.story(ann)][-2:] == ["room_leave", "session_duration"]
    assert not await house.pool.fetchval("select is_open from room_guards where room_id = $1", room)
    await house.sweeper().sweep()
    assert (await house.story(bob))[-1] == ("room_leave", "room_closed")
    assert await house.occupied(room) == 0
    told = await house.pool.fetch("select name from events where stream_id = $1", f"user-{ann}")
    assert [row["name"] for row in told] == ["erasure_done"]


async def test_their_words_are_gone_from_redis_though_nobody_has_the_room(
    house: House, redis_server: RedisServer
) -> None:
    ann, bob, room = await an_evening(house)
    async with Redis.from_url(redis_server.url()) as redis:
        for number, user in enumerate((ann, bob), start=1):
            fields = {"frame": CANARY, "chat": str(user), "by": str(user)}
            await redis.xadd(lane_key(room), fields, id=f"1-{number}")  # type: ignore[arg-type]
        for _ in range(2):
            await erased(house, ann, Words(redis, 600).clear)
        assert [key for key, _ in await redis.xrange(lane_key(room))] == [b"1-2"]  # type: ignore[union-attr]


async def test_whoever_holds_a_seat_only_gives_it_back(house: House) -> None:
    await house.node()
    ann, room = uuid4(), await house.room()
    await house.hold(ann, room)
    await erased(house, ann)
    assert (await house.story(ann))[-1] == ("seat_release", "deleted")
    assert await house.occupied(room) == 0


async def test_a_stranger_is_forgotten_too(house: House) -> None:
    ann = uuid4()
    for _ in range(2):
        await erased(house, ann)
    assert await house.pool.fetchval("select count(*) from events") == 1


async def test_nobody_comes_back_with_a_token_that_is_still_good(house: House) -> None:
    ann, _, _ = await an_evening(house)
    lounge = await house.room()
    await erased(house, ann)
    with pytest.raises(PersonErased):
        await house.hold(ann, lounge)
    with pytest.raises(PersonErased):
        await house.room(host=ann, name=CANARY)
    with pytest.raises(PersonErased):
        await house.rooms.invites.create(lounge, ann, None, LATER, moderator=True)
    assert await naming(house, CANARY) == set()


async def test_a_rebuild_agrees_before_and_after(house: House) -> None:
    ann, bob, _ = await an_evening(house)

    async def agrees() -> bool:
        db = await asyncpg.connect(house.urls.owner, server_settings={"search_path": "rooms"})
        try:
            return not (await Rebuild(db, Reader(house.cipher, EVENTS), [ROOMS]).compare()).differences
        finally:
            await db.close()

    assert await agrees()
    await erased(house, ann)
    await house.sweeper().sweep()
    assert await agrees()
    await erased(house, bob)
    assert await agrees()
    async with house.pool.acquire() as db:
        assert [fault async for fault in stream_faults(db, DECIDERS)] == []


async def test_an_invite_no_longer_names_whoever_used_it_and_stays_used(
    house: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await house.node()
    ann, bob, cat = uuid4(), uuid4(), uuid4()
    room = await house.room(host=ann)
    invited = await house.rooms.invites.create(room, ann, None, NINE, moderator=False)
    await house.rooms.invites.join(Guest(bob, bob, NINE, "web", "invite"), invited.token, NINE)
    await house.rooms.order.mute(room, ann, bob, None, NINE)
    await house.rooms.order.kick(room, ann, bob, NINE)
    assert {"invites", "room_mutes", "room_kicks"} <= await naming(house, str(bob)), "the control"
    await erased(house, bob)
    assert await naming(house, str(bob)) == set()
    with pytest.raises(InviteUsed):
        await house.rooms.invites.join(Guest(cat, cat, NINE, "web", "invite"), invited.token, NINE)
    assert (await Rebuild(owner, Reader(house.cipher, EVENTS), [ROOMS]).compare()).differences == []
