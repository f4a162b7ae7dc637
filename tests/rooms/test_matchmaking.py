"""A seat in the room that suits, why there, and that nobody learns from it what is none of their business."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.rooms.checker import checked
from tests.rooms.front import WEB, Front, front_of, problem
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB

CAT = UUID(int=3)


@pytest.fixture
async def front(house: House) -> AsyncIterator[Front]:
    async with front_of(house, limit_rooms_per_host=20) as made:
        yield made


async def find(front: Front, who: UUID = ANN, **wish: Any) -> dict[str, Any]:
    answer = await front.ask(who, "POST", "/matchmaking/join", WEB | wish)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_room_that_suits_best_and_why(front: Front) -> None:
    host = uuid4()
    await front.house.node("node-me", "me")
    lounge = await front.room(host)
    dance = await front.room(host, theme="dance")
    await front.room(host, theme="dance", region="me")
    found = await find(front, theme="dance", region="eu")
    assert (found["room"]["id"], found["reasons"]) == (dance, ["your_region", "your_theme"])
    assert found["room"]["occupancy"] == 1
    assert found["ws_url"].endswith(dance)
    row = await front.house.pool.fetchrow("select visit_id, join_source from seats where user_id = $1", ANN)
    assert row
    assert (str(row["visit_id"]), row["join_source"]) == (found["visit_id"], "matchmaking")
    assert (await find(front, BOB, theme="lounge"))["room"]["id"] == lounge


async def test_language_interests_and_friends_draw_but_only_those_who_want_to_be_found(front: Front) -> None:
    host, shy, foe = uuid4(), uuid4(), uuid4()
    await front.known(ANN, locale="he", interests=("tea",))
    rooms = [await front.room(host) for _ in range(4)]
    speaker = uuid4()
    await front.known(speaker, locale="he")
    await front.house.seat(speaker, UUID(rooms[1]))
    found = await find(front)
    assert (found["room"]["id"], found["reasons"][0]) == (rooms[1], "your_language")
    await front.known(BOB, interests=("tea",))
    await front.friends(ANN, BOB)
    await front.house.seat(BOB, UUID(rooms[2]))
    found = await find(front)
    assert (found["room"]["id"], found["reasons"][:2]) == (rooms[2], ["friends_here", "shared_interests"])
    await front.known(BOB, update=True, privacy_level="limited")
    assert "friends_here" not in (await find(front))["reasons"], "a friend who keeps to themselves is not given away"
    await front.known(foe, locale="he", interests=("tea",))
    await front.known(shy, locale="en")
    await front.friends(ANN, foe)
    await front.blocks(foe, ANN)
    await front.house.seat(foe, UUID(rooms[3]))
    found = await find(front)
    assert found["room"]["id"] != rooms[3], "somebody in a block draws nobody"


async def test_a_room_that_fills_up_meanwhile_is_passed_by(front: Front) -> None:
    host = uuid4()
    small = [await front.room(host, capacity=2, theme="dance") for _ in range(3)]
    people = [uuid4() for _ in range(8)]
    asked = [front.ask(who, "POST", "/matchmaking/join", WEB | {"theme": "dance"}) for who in people]
    answers = await asyncio.gather(*asked)
    assert Counter(answer.status_code for answer in answers) == {200: 6, 409: 2}
    assert {problem(answer) for answer in answers if answer.status_code == 409} == {(409, "no_room")}
    taken = Counter(answer.json()["room"]["id"] for answer in answers if answer.status_code == 200)
    assert taken == dict.fromkeys(small, 2)
    assert (await checked(front.house.pool)).clean


async def test_private_locked_closed_and_forbidden_rooms_are_not_offered(front: Front) -> None:
    host = uuid4()
    await front.room(host, is_private=True)
    locked, closed, forbidden = [await front.room(host) for _ in range(3)]
    assert (await front.ask(host, "POST", f"/rooms/{locked}/lock")).status_code == 204
    assert (await front.ask(host, "DELETE", f"/rooms/{closed}")).status_code == 204
    await front.house.seat(ANN, UUID(forbidden))
    assert (await front.ask(host, "POST", f"/rooms/{forbidden}/kicks", {"user_id": str(ANN)})).status_code == 204
    assert problem(await front.ask(ANN, "POST", "/matchmaking/join", WEB)) == (409, "no_room")
    assert (await find(front, BOB))["room"]["id"] == forbidden


async def test_where_no_room_has_a_server_everybody_may_try_again(front: Front) -> None:
    await front.room(region="me")
    assert problem(await front.ask(BOB, "POST", "/matchmaking/join", WEB)) == (503, "unavailable")


async def test_asking_again_is_the_same_visit(front: Front) -> None:
    host = uuid4()
    await front.room(host)
    first = (await front.ask(ANN, "POST", "/matchmaking/join", WEB, key="k1")).json()
    for _ in range(3):
        await front.house.seat(uuid4(), UUID(await front.room(host, theme="sports")))
    again = (await front.ask(ANN, "POST", "/matchmaking/join", WEB, key="k1")).json()
    assert (again["visit_id"], again["room"]["id"]) == (first["visit_id"], first["room"]["id"])
    await front.ask(ANN, "POST", f"/rooms/{first['room']['id']}/leave")
    assert problem(await front.ask(ANN, "POST", "/matchmaking/join", WEB, key="k1")) == (410, "seat_gone")


@pytest.mark.parametrize("claimed", ["matchmaking", "invite", "direct"])
async def test_nobody_says_by_which_way_they_came(front: Front, claimed: str) -> None:
    room = await front.room()
    joined = await front.ask(BOB, "POST", f"/rooms/{room}/join", WEB | {"join_source": claimed})
    assert joined.status_code == 200
    assert await front.house.pool.fetchval("select join_source from seats where user_id = $1", BOB) == "direct"


@pytest.mark.parametrize("wish", [{"theme": "casino"}, {"language": "klingon"}, {"region": "moon"}, {"mood": "good"}])
async def test_what_does_not_fit_is_invalid(front: Front, wish: dict[str, str]) -> None:
    assert problem(await front.ask(ANN, "POST", "/matchmaking/join", WEB | wish)) == (422, "invalid")
