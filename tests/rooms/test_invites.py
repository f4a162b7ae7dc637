"""Invites: one use, one way in, and of two who come at once one comes too late."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import UUID, uuid4

import pytest

from services.rooms.deciders.refusals import RoomFull
from services.rooms.invites import FIND, Invites
from services.rooms.visits import Fresh, Guest
from tests.rooms.checker import checked
from tests.rooms.front import WEB, Front, front_of, problem
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, NINE, after

CAT = UUID(int=3)


@pytest.fixture
async def front(house: House) -> AsyncIterator[Front]:
    async with front_of(house, limit_invites_per_hour=6) as made:
        yield made


async def test_an_invite_opens_a_private_room_once_and_its_seat_says_so(front: Front) -> None:
    room = await front.room(is_private=True)
    made = await front.ask(ANN, "POST", f"/rooms/{room}/invites")
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    token = made.json()["token"]
    assert (await front.ask(ANN, "GET", f"/rooms/{room}")).json()["occupancy"] == 0, "it holds no seat"
    assert problem(await front.ask(BOB, "POST", f"/rooms/{room}/join", WEB)) == (403, "room_private")
    first = await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)
    assert first.status_code == 200, first.text
    again = await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)
    assert again.json()["visit_id"] == first.json()["visit_id"], "who used it is where it led"
    assert again.json()["room_id"] == first.json()["room_id"] == room
    assert again.json()["ticket"] != first.json()["ticket"]
    assert problem(await front.ask(CAT, "POST", f"/invites/{token}/join", WEB)) == (410, "invite_used")
    row = await front.house.pool.fetchrow("select join_source from seats where user_id = $1", BOB)
    assert row
    assert row["join_source"] == "invite"
    await front.ask(BOB, "POST", f"/rooms/{room}/leave")
    assert problem(await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)) == (410, "invite_used")


async def test_only_a_digest_of_the_token_is_kept(front: Front) -> None:
    token = await front.invite(ANN, await front.room())
    kept = await front.house.pool.fetchval("select invites::text from invites")
    assert token not in kept
    assert sha256(token.encode()).hexdigest() in kept
    logged = await front.house.pool.fetch("select data::text as data from events where name = 'room_invite'")
    assert len(logged) == 1
    assert token not in logged[0]["data"]


async def test_a_repeated_request_makes_no_second_invite(front: Front) -> None:
    room = await front.room()
    first = (await front.ask(ANN, "POST", f"/rooms/{room}/invites", {}, key="k1")).json()
    again = (await front.ask(ANN, "POST", f"/rooms/{room}/invites", {}, key="k1")).json()
    await front.house.pool.execute("delete from idempotency")
    forgotten = (await front.ask(ANN, "POST", f"/rooms/{room}/invites", {}, key="k1")).json()
    assert forgotten["id"] == again["id"] == first["id"]
    again = forgotten
    assert await front.house.pool.fetchval("select count(*) from events where name = 'room_invite'") == 1
    assert problem(await front.ask(BOB, "POST", f"/invites/{first['token']}/join", WEB)) == (404, "not_found")
    joined = await front.ask(BOB, "POST", f"/invites/{again['token']}/join", WEB, key="j1")
    repeated = await front.ask(BOB, "POST", f"/invites/{again['token']}/join", WEB, key="j1")
    assert repeated.json()["visit_id"] == joined.json()["visit_id"]
    assert problem(await front.ask(ANN, "POST", f"/rooms/{room}/invites", {}, key="k1")) == (410, "invite_used")


async def test_an_invite_is_for_whom_it_is_for_and_for_a_while(front: Front) -> None:
    await front.known(BOB)
    room = await front.room()
    token = await front.invite(ANN, room, BOB)
    assert problem(await front.ask(CAT, "POST", f"/invites/{token}/join", WEB)) == (404, "not_found")
    assert problem(await front.ask(CAT, "POST", "/invites/never-made/join", WEB)) == (404, "not_found")
    front.house.now = after(3600)
    assert problem(await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)) == (410, "invite_used")


async def test_people_in_a_block_look_as_if_they_had_never_been(front: Front) -> None:
    for person in (ANN, BOB, CAT):
        await front.known(person)
    room = await front.room()
    token = await front.invite(ANN, room)
    await front.blocks(CAT, ANN)
    nobody = problem(await front.ask(ANN, "POST", f"/rooms/{room}/invites", {"user_id": str(uuid4())}))
    assert problem(await front.ask(ANN, "POST", f"/rooms/{room}/invites", {"user_id": str(CAT)})) == nobody
    assert nobody == (404, "not_found")
    assert problem(await front.ask(CAT, "POST", f"/invites/{token}/join", WEB)) == (404, "not_found")
    assert (await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)).status_code == 200


async def test_who_may_invite(front: Front) -> None:
    public, private = await front.room(), await front.room(is_private=True)
    for room, refusal in ((public, "not_seated"), (private, "not_host")):
        assert problem(await front.ask(BOB, "POST", f"/rooms/{room}/invites")) == (403, refusal)
    await front.house.seat(BOB, UUID(public))
    assert (await front.ask(BOB, "POST", f"/rooms/{public}/invites")).status_code == 201
    moderating = await front.ask(CAT, "POST", f"/rooms/{private}/invites", roles=["moderator"])
    assert moderating.status_code == 201
    assert problem(await front.ask(ANN, "POST", f"/rooms/{public}/invites", {"user_id": str(ANN)})) == (409, "self")
    assert problem(await front.ask(ANN, "POST", f"/rooms/{uuid4()}/invites")) == (404, "not_found")


async def test_there_are_so_many_invites_in_an_hour(front: Front) -> None:
    room = await front.room()
    for _ in range(6):
        await front.invite(ANN, room)
    answer = await front.ask(ANN, "POST", f"/rooms/{room}/invites")
    assert problem(answer) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) == 3600
    front.house.now = after(3601)
    await front.invite(ANN, room)


async def test_a_full_room_leaves_the_invite_good(front: Front) -> None:
    room = await front.room(capacity=2)
    token = await front.invite(ANN, room)
    for person in (uuid4(), uuid4()):
        await front.house.hold(person, UUID(room))
    assert problem(await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)) == (409, "room_full")
    await front.ask(ANN, "PATCH", f"/rooms/{room}", {"capacity": 3})
    assert (await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)).status_code == 200


RACERS = 12


async def test_of_many_who_use_an_invite_at_once_one_is_let_in(front: Front) -> None:
    room = await front.room(capacity=50)
    token = await front.invite(ANN, room)
    racers = [uuid4() for _ in range(RACERS)]
    answers = await asyncio.gather(*(front.ask(who, "POST", f"/invites/{token}/join", WEB) for who in racers))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 410: RACERS - 1}
    assert await _let_in(front.house) == 1
    assert (await checked(front.house.pool)).clean


async def test_the_same_crowd_gets_in_by_one_invite_where_it_is_looked_at_without_a_lock(front: Front) -> None:
    """The control: the same race, the same count, and a door that looks first and uses it up afterwards."""
    room = UUID(await front.room(capacity=50))
    token = await front.invite(ANN, str(room))
    naive = Naive(front.house.store, front.house.pool, front.house.rooms.visits, front.house.settings)
    guests = [Guest(each, each, NINE, "web", "invite") for each in (uuid4() for _ in range(RACERS))]
    await asyncio.gather(*(naive.join_unlocked(guest, token) for guest in guests))
    assert await _let_in(front.house) > 1


async def _let_in(house: House) -> int:
    """How many seats came of invites, by the log."""
    found: int = await house.pool.fetchval(
        "select count(*) from events where name = 'seat_hold' and data->>'invite_id' is not null"
    )
    return found


class Naive(Invites):
    async def join_unlocked(self, guest: Guest, token: str) -> None:
        look = "select id, room_id, used_by from invites where id = $1"
        found = await self._pool.fetchval(FIND, sha256(token.encode()).digest())
        invite = await self._pool.fetchrow(look, found)
        assert invite
        if invite["used_by"] is not None:
            return
        fresh = Fresh()
        try:
            await self._store.run(
                lambda unit: self._visits.keep(unit, guest, invite["room_id"], fresh, invite_id=invite["id"]), at=NINE
            )
        except RoomFull:
            return
