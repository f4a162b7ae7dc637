"""Where one's friends are, and that everybody else is offline."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from tests.rooms.front import Front, front_of, problem
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, after

CAT, DAN, EVE, FAY = (UUID(int=n) for n in (3, 4, 5, 6))
OFFLINE = {"online": False, "room_id": None, "device_type": None}


@pytest.fixture
async def redis(redis_server: RedisServer) -> "AsyncIterator[Redis]":
    async with Redis.from_url(redis_server.url(), decode_responses=True) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def front(house: House, redis_server: RedisServer) -> AsyncIterator[Front]:
    async with front_of(house, redis_url=redis_server.url("rooms")) as made:
        yield made


async def seen(front: Front, who: UUID, *people: UUID) -> dict[UUID, dict[str, Any]]:
    answer = await front.ask(who, "GET", f"/presence?limit=100&ids={','.join(map(str, people))}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    return {UUID(item.pop("user_id")): item for item in answer.json()["items"]}


async def company(front: Front) -> None:
    """Bob, Dan and Eve are friends of Ann's; Cat is a stranger, Dan keeps to himself, Eve and Ann are in a block."""
    for person in (ANN, BOB, CAT, EVE):
        await front.known(person)
    await front.known(DAN, privacy_level="limited")
    for friend in (BOB, DAN, EVE):
        await front.friends(ANN, friend)
    await front.blocks(EVE, ANN)


async def there(redis: "Redis", user: UUID, room: str, device: str = "web") -> None:
    await redis.hset(f"presence:user:{user}", mapping={"roomId": room, "deviceType": device, "lastSeen": "1"})


async def test_friends_are_shown_and_everybody_else_is_offline(front: Front, redis: "Redis") -> None:
    await company(front)
    room = await front.room()
    for person in (BOB, CAT, DAN, EVE):
        await there(redis, person, room, "vr")
    found = await seen(front, ANN, BOB, CAT, DAN, EVE, FAY)
    assert found[BOB] == {"online": True, "room_id": room, "device_type": "vr"}
    assert [found[each] for each in (CAT, DAN, EVE, FAY)] == [OFFLINE] * 4
    assert await seen(front, BOB, ANN) == {ANN: OFFLINE}, "nobody is there who is not"


async def test_a_private_room_is_named_to_those_who_are_in_it(front: Front, redis: "Redis") -> None:
    await company(front)
    room = await front.room(CAT, is_private=True)
    await there(redis, BOB, room)
    assert (await seen(front, ANN, BOB))[BOB] == {"online": True, "room_id": None, "device_type": "web"}
    token = await front.invite(CAT, room)
    await front.ask(ANN, "POST", f"/invites/{token}/join", {"device_type": "web"})
    await front.house.pool.execute("update seats set state = 'seated', joined_at = held_at where user_id = $1", ANN)
    assert (await seen(front, ANN, BOB))[BOB]["room_id"] == room


async def test_without_redis_the_seats_say_where_they_are(house: House) -> None:
    async with front_of(house) as front:
        await company(front)
        room = await front.room()
        for person in (BOB, CAT, DAN):
            await house.seat(person, UUID(room))
        found = await seen(front, ANN, BOB, CAT, DAN)
        assert found == {BOB: {"online": True, "room_id": room, "device_type": "web"}, CAT: OFFLINE, DAN: OFFLINE}
        house.now = after(60)
        assert (await seen(front, ANN, BOB))[BOB] == OFFLINE, "not heard of for longer than a node keeps silent"


async def test_a_list_of_ids_comes_in_pages_in_the_order_asked_for(front: Front) -> None:
    people = [uuid4() for _ in range(5)]
    ids = ",".join(map(str, people))
    first = (await front.ask(ANN, "GET", f"/presence?ids={ids}&limit=3")).json()
    rest = (await front.ask(ANN, "GET", f"/presence?ids={ids}&limit=3&cursor={first['next_cursor']}")).json()
    assert [item["user_id"] for item in first["items"] + rest["items"]] == [str(person) for person in people]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    "ids", ["", "nobody", ",".join(str(UUID(int=n)) for n in range(101))], ids=["none", "a word", "101"]
)
async def test_ids_that_are_none_or_too_many_are_invalid(front: Front, ids: str) -> None:
    assert problem(await front.ask(ANN, "GET", f"/presence?ids={ids}")) == (422, "invalid")


async def test_a_visitors_profile_is_of_the_newest_version_heard(front: Front) -> None:
    room = UUID(await front.room())
    assert (await front.house.seat(CAT, room)).profile_version == 0
    await front.known(BOB)
    await front.known(BOB, update=True, locale="he")
    entered = await front.house.seat(BOB, room)
    assert entered.profile_version == front.said == 2
    seats = {seat.user_id: seat.profile_version for seat in await front.house.door.seats(room)}
    assert seats == {CAT: 0, BOB: 2}
