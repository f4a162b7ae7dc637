"""What somebody inside may say, and what comes back."""

import asyncio
import struct
from uuid import UUID, uuid4

import pytest

from clients.python import Refused
from clients.python.events import Problem, Said
from clients.python.frames import Correction
from libs.chassis.auth import APPEAL
from services.rooms.realtime.floor import FLOORS
from tests.rooms.realtime.bar import Bar, raw
from tests.waiting import until

BASE = "https://virtubar.dev/problems/"


@pytest.fixture
async def room(bar: Bar) -> UUID:
    return await bar.house.room()


async def test_a_message_sent_twice_is_said_once(bar: Bar, room: UUID) -> None:
    witness, body = await bar.join(room), await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        for text in ("hi", "hi", "hi again"):
            await guest.send(t="chat", cid="one", text=text)
        acks = [await guest.told("ack") for _ in range(3)]
    assert acks[0] == acks[1] == acks[2]
    await until(lambda: bar.events(witness, Said))
    assert (await witness.chat("done")).offset
    assert [said.text for said in bar.events(witness, Said)] == ["hi", "done"]


async def test_what_cannot_be_said_is_a_problem_and_the_socket_stays(bar: Bar, room: UUID) -> None:
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        welcome = await guest.hello(body["ticket"])
        assert welcome["limits"]["chat_characters"] == 500
        for text in ("", " \n ", "x" * 501, "bell \x07", "nul \x00"):
            await guest.send(t="chat", cid="bad", text=text)
            assert (await guest.told("error"))["type"] == BASE + "invalid"
        await guest.send(t="chat", cid="long", text="é" * 500)
        assert await guest.told("ack") == {"t": "ack", "cid": "long", "offset": welcome["offset"] + 1}
        await guest.send(t="dance", cid=9)
        refused = await guest.told("error")
        assert (refused["type"], refused["cid"]) == (BASE + "unsupported", 9)
        await guest.send(t="auth", token="not.a.token")
        assert (await guest.told("error"))["type"] == BASE + "unauthenticated"
        await guest.send(t="ping", n=3)
        assert (await guest.told("pong"))["n"] == 3


async def test_leaving_before_the_welcome_is_answered_too(bar: Bar, room: UUID) -> None:
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.send(t="hello", ticket=body["ticket"])
        await guest.send(t="leave", cid="early")
        error = await guest.told("error", within=5)
        assert (error["cid"], error["type"].rpartition("/")[2]) == ("early", "not_seated")
        await guest.told("welcome")


async def test_whoever_is_leaving_leaves_once(bar: Bar, room: UUID) -> None:
    """However often they say so meanwhile: a node that waits for Postgres has one of them waiting."""
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        async with bar.house.pool.acquire() as held, held.transaction():
            await held.execute("select from room_guards where room_id = $1 for update", room)
            for cid in range(5):
                await guest.send(t="leave", cid=cid)
            errors = [await guest.told("error") for _ in range(4)]
        assert (await guest.told("ack"))["cid"] == 0
        assert await guest.code() == 1000
    assert [error["cid"] for error in errors] == [1, 2, 3, 4]
    assert {error["type"] for error in errors} == {BASE + "unavailable"}


async def test_a_command_in_fragments_is_one_command(bar: Bar, room: UUID) -> None:
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        await guest.socket.send(['{"t":"ping",', '"n":', "5}"])  # this library ends with an empty fragment
        assert (await guest.told("pong"))["n"] == 5
        await guest.socket.send([b"\x01" * 7, b"\x00" * 7])
        assert await guest.code() == 4000


async def test_talking_too_fast_is_refused_until_it_is_time(bar: Bar, room: UUID) -> None:
    ann = await bar.join(room)
    answers = [await asyncio.gather(ann.chat(f"{n}"), return_exceptions=True) for n in range(12)]
    refused = [answer for (answer,) in answers if isinstance(answer, Refused)]
    said = len(answers) - len(refused)
    assert said >= 8
    assert {no.slug for no in refused} == {"rate_limited"}
    assert all(no.retry_after and 0 < no.retry_after <= 60 for no in refused)
    user = bar.user(ann)
    key = await until(lambda: bar.redis.keys(f"rl:ws:{user}:chat:*"))
    assert 0 < await bar.redis.ttl(key[0]) <= 120
    assert await until(lambda: _equal(bar, key[0], said))


async def _equal(bar: Bar, key: str | bytes, count: int) -> bool:
    return int(await bar.redis.get(key) or 0) == count


async def test_a_session_may_be_carried_on_with_its_own_new_token_only(bar: Bar, room: UUID) -> None:
    ann, bob = uuid4(), uuid4()
    body = await bar.ticket(room, ann)
    bearer = {user: bar.issuer.headers(user)["authorization"].removeprefix("Bearer ") for user in (ann, bob)}
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        await guest.send(t="auth", token=bearer[bob])
        assert (await guest.told("error"))["type"] == BASE + "unauthenticated"
        appeal = bar.issuer.headers(ann, scope=APPEAL)["authorization"].removeprefix("Bearer ")
        await guest.send(t="auth", token=appeal)
        assert (await guest.told("error"))["type"] == BASE + "forbidden"
        await guest.send(t="auth", token=bearer[ann])
        await guest.send(t="ping", n=1)
        assert (await guest.told("pong"))["n"] == 1


async def test_a_token_that_is_not_renewed_ends_the_socket(bar: Bar) -> None:
    await bar.node("short", access_token_seconds=1, auth_grace_seconds=0.2, node_region="me")
    room = await bar.house.room(region="me")
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        assert await guest.code() == 4001
    assert await bar.house.occupied(room) == 1


async def test_a_cheat_is_corrected_and_nobody_sees_the_jump(bar: Bar, room: UUID) -> None:
    witness = await bar.join(room)
    cheat = await bar.join(room)
    await until(lambda: bar.user(cheat) in witness.roster.people)
    me, floor = cheat.roster.me, FLOORS["lounge"]
    assert me
    before = (me.x, me.z)
    cheat.move(0, 0, 0)
    (put_back,) = await until(lambda: bar.events(cheat, Correction))
    assert (put_back.reason, put_back.x, put_back.z) == (1, *before)
    await asyncio.sleep(0.1)  # corrections come one in 50 ms
    cheat.move(floor.x + 1, 0, 0, teleport=True)
    await until(lambda: len(bar.events(cheat, Correction)) == 2)
    assert bar.events(cheat, Correction)[1].reason == 2
    cheat.move(10, 0, 10, teleport=True)
    await until(lambda: witness.roster.people[bar.user(cheat)].x == 10)


async def test_forged_slots_change_nobody_else(bar: Bar, room: UUID) -> None:
    """A frame up names no slot: whatever is put in its bytes moves its sender, or nobody."""
    witness, body = await bar.join(room), await bar.ticket(room)
    me = witness.roster.me
    assert me
    async with raw(body["ws_url"]) as guest:
        slot = (await guest.hello(body["ticket"]))["slot"]
        await guest.socket.send(struct.pack("<BBHHhHBBbb", 1, 0xFF, me.slot, 5, 0, 5, 0, me.slot, 0, 0))
        await guest.send(t="ping", n=1)
        await guest.told("pong")
        where = {person.slot: (person.x, person.z) for person in witness.roster.people.values()}
        await until(lambda: (5, 5) in [(p.x, p.z) for p in witness.roster.people.values() if p.slot == slot])
    assert where[me.slot] == (me.x, me.z)
    assert bar.events(witness, Problem) == []
