"""Hosts in their rooms, and moderators in all of them: locks, mutes, and the door."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from services.rooms.seed import SYSTEM_ROOMS, seed
from tests.rooms.checker import checked
from tests.rooms.front import WEB, Front, front_of, problem
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, NINE, after

CAT = UUID(int=3)
LOUNGE = str(next(iter(SYSTEM_ROOMS)))
MOD = ["moderator"]


@pytest.fixture
async def front(house: House) -> AsyncIterator[Front]:
    async with front_of(house, kick_seconds=300) as made:
        yield made


async def test_a_locked_room_lets_in_the_host_moderators_and_the_invited(front: Front) -> None:
    room = await front.room(capacity=9)
    await front.house.seat(BOB, UUID(room))
    for _ in range(2):
        assert (await front.ask(ANN, "POST", f"/rooms/{room}/lock")).status_code == 204
    assert (await front.ask(BOB, "GET", f"/rooms/{room}")).json()["is_locked"] is True
    assert problem(await front.ask(CAT, "POST", f"/rooms/{room}/join", WEB)) == (403, "room_locked")
    again = await front.ask(BOB, "POST", f"/rooms/{room}/join", WEB)
    assert again.status_code == 200, "whoever is in stays"
    assert (await front.ask(ANN, "POST", f"/rooms/{room}/join", WEB)).status_code == 200
    assert (await front.ask(uuid4(), "POST", f"/rooms/{room}/join", WEB, roles=MOD)).status_code == 200
    token = await front.invite(ANN, room)
    assert (await front.ask(CAT, "POST", f"/invites/{token}/join", WEB)).status_code == 200
    assert (await front.ask(ANN, "DELETE", f"/rooms/{room}/lock")).status_code == 204
    assert (await front.ask(uuid4(), "POST", f"/rooms/{room}/join", WEB)).status_code == 200


async def test_a_guest_who_is_shown_out_stays_out_for_a_while(front: Front) -> None:
    room = await front.room()
    entered = await front.house.seat(BOB, UUID(room))
    for _ in range(2):
        assert (await front.ask(ANN, "POST", f"/rooms/{room}/kicks", {"user_id": str(BOB)})).status_code == 204
    assert await front.house.story(BOB) == [("seat_hold", None), ("room_join", None), ("room_leave", "kicked")]
    assert entered.visit_id
    assert problem(await front.ask(BOB, "POST", f"/rooms/{room}/ticket")) == (410, "seat_gone")
    assert problem(await front.ask(BOB, "POST", f"/rooms/{room}/join", WEB)) == (403, "room_banned")
    token = await front.invite(ANN, room)
    assert problem(await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)) == (403, "room_banned")
    other = await front.room(CAT)
    assert (await front.ask(BOB, "POST", f"/rooms/{other}/join", WEB)).status_code == 200
    front.house.now = after(301)
    assert (await front.ask(BOB, "POST", f"/rooms/{room}/join", WEB)).status_code == 200


async def test_a_seat_that_is_only_kept_is_lost_too_and_another_room_is_none_of_the_hosts_business(
    front: Front,
) -> None:
    room, other = await front.room(), await front.room(CAT)
    await front.house.hold(BOB, UUID(room))
    body = {"user_id": str(BOB), "seconds": 1}
    assert (await front.ask(ANN, "POST", f"/rooms/{room}/kicks", body)).status_code == 204
    assert await front.house.story(BOB) == [("seat_hold", None), ("seat_release", "kicked")]
    await front.house.seat(BOB, UUID(other), after(2))
    assert (await front.ask(ANN, "POST", f"/rooms/{room}/kicks", body)).status_code == 204
    assert await front.house.occupied(UUID(other)) == 1


async def test_a_mute_is_written_down_lifted_and_rebuilt(front: Front) -> None:
    room = await front.room()
    path = f"/rooms/{room}/mutes/{BOB}"
    await front.house.seat(BOB, UUID(room))
    assert (await front.ask(ANN, "PUT", path, {"seconds": 60})).status_code == 204
    rows = await front.house.rooms.order.muted(UUID(room), front.house.now)
    assert rows == {BOB: after(60)}
    for _ in range(2):
        assert (await front.ask(ANN, "PUT", path)).status_code == 204
    assert await front.house.rooms.order.muted(UUID(room), after(10_000)) == {BOB: None}
    for _ in range(2):
        assert (await front.ask(ANN, "DELETE", path)).status_code == 204
    assert await front.house.rooms.order.muted(UUID(room), NINE) == {}
    names = await front.house.pool.fetch(
        "select name from events where stream_id = $1 order by version", f"room-{room}"
    )
    assert [row["name"] for row in names] == ["room_create", "room_mute", "room_mute", "room_unmute"]


async def test_strangers_to_a_room_are_answered_for_and_not_written_down(front: Front) -> None:
    """Or a host would fill the tables with ids, and learn where people are whom a block hides from them."""
    room, other = await front.room(), await front.room(CAT)
    await front.blocks(BOB, ANN)
    await front.house.seat(BOB, UUID(other))

    async def order(user: UUID) -> None:
        assert (await front.ask(ANN, "POST", f"/rooms/{room}/kicks", {"user_id": str(user)})).status_code == 204
        assert (await front.ask(ANN, "PUT", f"/rooms/{room}/mutes/{user}")).status_code == 204

    async def written() -> tuple[int, int, int]:
        row = await front.house.pool.fetchrow(
            "select (select count(*) from room_kicks), (select count(*) from room_mutes),"
            " (select count(*) from events where name = 'room_mute')"
        )
        assert row
        return tuple(row)

    for user in (uuid4(), BOB):
        await order(user)
    assert await written() == (0, 0, 0)
    await front.house.seat(BOB, UUID(room))
    await front.ask(BOB, "POST", f"/rooms/{room}/leave")
    front.house.now = after(24 * 3600 - 1)
    await order(BOB)
    assert await written() == (1, 1, 1), "they were there yesterday, and may come back"
    late = uuid4()
    await front.house.seat(late, UUID(room))
    await front.ask(late, "POST", f"/rooms/{room}/leave")
    front.house.now = after(48 * 3600)
    await order(late)
    assert await written() == (1, 1, 1)


ORDER = [
    ("POST", "/kicks", {"user_id": str(BOB)}),
    ("PUT", f"/mutes/{BOB}", {}),
    ("DELETE", f"/mutes/{BOB}", None),
    ("POST", "/lock", None),
    ("DELETE", "/lock", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ORDER)
async def test_order_is_kept_by_hosts_and_moderators_alone(front: Front, method: str, path: str, body: object) -> None:
    await seed(front.house.rooms.hosting, front.house.settings, NINE)
    for room in (await front.room(), LOUNGE):
        assert problem(await front.ask(CAT, method, f"/rooms/{room}{path}", body)) == (403, "not_host")
        assert (await front.ask(CAT, method, f"/rooms/{room}{path}", body, roles=MOD)).status_code == 204
    assert problem(await front.ask(CAT, method, f"/rooms/{uuid4()}{path}", body, roles=MOD)) == (404, "not_found")
    closed = await front.room()
    await front.ask(ANN, "DELETE", f"/rooms/{closed}")
    assert problem(await front.ask(ANN, method, f"/rooms/{closed}{path}", body)) == (410, "room_closed")


async def test_a_moderator_changes_and_closes_what_a_host_could(front: Front) -> None:
    room = await front.room()
    changed = await front.ask(CAT, "PATCH", f"/rooms/{room}", {"name": "A Better Name"}, roles=MOD)
    assert changed.json()["name"] == "A Better Name"
    assert (await front.ask(CAT, "DELETE", f"/rooms/{room}", roles=MOD)).status_code == 204


async def test_nobody_shows_themselves_out_or_silences_themselves(front: Front) -> None:
    room = await front.room()
    assert problem(await front.ask(ANN, "POST", f"/rooms/{room}/kicks", {"user_id": str(ANN)})) == (409, "self")
    assert problem(await front.ask(ANN, "PUT", f"/rooms/{room}/mutes/{ANN}")) == (409, "self")


async def test_whoever_is_just_coming_in_while_shown_out_is_out(front: Front) -> None:
    room = await front.room(capacity=50)
    for _ in range(10):
        guest = uuid4()
        await front.house.seat(guest, UUID(room))
        await front.ask(guest, "POST", f"/rooms/{room}/leave")
        joining = front.ask(guest, "POST", f"/rooms/{room}/join", WEB)
        kicking = front.ask(ANN, "POST", f"/rooms/{room}/kicks", {"user_id": str(guest)})
        await asyncio.gather(joining, kicking)
        assert await front.house.pool.fetchval("select count(*) from seats where user_id = $1", guest) == 0
    assert (await checked(front.house.pool)).clean


@pytest.mark.parametrize(
    "name",
    [
        "Blue\u200bNote",
        "\u202eetoN eulB",
        "B" + "\u0301" * 12 + "lue",
        "\u3164",
        "Blue\u2067Note",
        "Blue\ue000",
    ],
)
async def test_a_room_has_a_name_that_can_be_read(front: Front, name: str) -> None:
    plan = {"name": name, "theme": "lounge", "is_private": False, "capacity": 5, "region": "eu"}
    answer = await front.ask(ANN, "POST", "/rooms", plan)
    assert problem(answer) == (422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "#/body/name"
    room = await front.room()
    assert problem(await front.ask(ANN, "PATCH", f"/rooms/{room}", {"name": name})) == (422, "invalid")


async def test_the_token_for_voice_is_for_people_seated_there_who_may_be_heard(front: Front) -> None:
    room = await front.room()
    path = f"/rooms/{room}/voice/token"
    assert problem(await front.ask(BOB, "POST", path)) == (409, "no_seat")
    await front.house.seat(BOB, UUID(room))
    told = (await front.ask(BOB, "POST", path)).json()
    assert (told["adapter"], told["publishers"], told["ice_servers"]) == ("mesh", 6, [])
    await front.ask(ANN, "PUT", f"/rooms/{room}/mutes/{BOB}")
    assert problem(await front.ask(BOB, "POST", path)) == (403, "muted")


async def test_turn_servers_know_the_credentials_by_the_secret_they_share(house: House) -> None:
    turn = {"voice_turn_urls": ("turn:turn.example:3478",), "voice_turn_secret": "north"}
    async with front_of(house, voice_stun_urls=("stun:stun.example:3478",), **turn) as front:
        room = await front.room()
        entered = await house.seat(BOB, UUID(room))
        stun, turned = (await front.ask(BOB, "POST", f"/rooms/{room}/voice/token")).json()["ice_servers"]
    assert stun == {"urls": ["stun:stun.example:3478"], "username": None, "credential": None}
    assert turned["username"] == f"{int(after(600).timestamp())}:{entered.visit_id}"
    assert len(turned["credential"]) == 28  # base64 of 20 bytes


async def test_a_house_without_voice_says_so(house: House) -> None:
    async with front_of(house, voice_adapter="none") as front:
        room = await front.room()
        await house.seat(BOB, UUID(room))
        assert problem(await front.ask(BOB, "POST", f"/rooms/{room}/voice/token")) == (503, "voice_off")
