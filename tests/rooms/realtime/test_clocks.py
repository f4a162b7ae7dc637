"""Two clocks: out of view after a while of silence, out of the room after a long one; and the ways back."""

import asyncio
from uuid import UUID

import httpx2
import pytest
import websockets

from clients.python.events import Away, Back, Joined, Left, Said, Snapshot
from tests.rooms.realtime.bar import Bar, now, raw
from tests.waiting import until


@pytest.fixture
async def room(bar: Bar) -> UUID:
    return await bar.house.room()


async def test_the_silent_are_out_of_view_and_back_with_any_frame(bar: Bar, room: UUID) -> None:
    witness, body = await bar.join(room), await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        (joined,) = await until(lambda: bar.events(witness, Joined))
        (away,) = await until(lambda: bar.events(witness, Away))
        assert away.user == joined.user
        late = await bar.join(room)
        assert late.roster.people[joined.user].away
        await guest.socket.ping()
        (back,) = await until(lambda: bar.events(witness, Back))
        assert back.user == joined.user
        assert not witness.roster.people[joined.user].away
        assert bar.events(witness, Left) == []


async def test_a_visit_ends_once_after_a_long_silence_and_when_it_was_last_heard(bar: Bar, room: UUID) -> None:
    witness, body = await bar.join(room), await bar.ticket(room)
    sweeping = asyncio.create_task(sweep(bar))  # beside the node, both looking at the same silence
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        said_hello = now()
        assert await guest.code() == 4012
        ended = now()
    (left,) = await until(lambda: bar.events(witness, Left))
    sweeping.cancel()
    assert left.reason == "expired"
    user = left.user
    assert await bar.house.story(user) == [("seat_hold", None), ("room_join", None), ("room_leave", "expired")]
    left_at = await bar.house.pool.fetchval("select left_at from room_memberships where user_id = $1", user)
    assert abs((left_at - said_hello).total_seconds()) < 1  # not when the silence was noticed
    assert (ended - left_at).total_seconds() >= 4
    assert witness.over is None


async def sweep(bar: Bar) -> None:
    while True:
        bar.house.now = now()
        await bar.house.sweeper().sweep()
        await asyncio.sleep(0.1)


async def test_a_broken_socket_keeps_its_seat_and_resumes(bar: Bar, room: UUID) -> None:
    witness = await bar.join(room)
    ann = await bar.join(room)
    first = ann.welcome
    assert first
    ann.cut()
    await until(lambda: bar.events(witness, Away))
    await until(lambda: ann.welcome is not first)
    assert ann.welcome
    assert (ann.welcome.visit, ann.welcome.slot, ann.welcome.resumed) == (first.visit, first.slot, True)
    assert ann.welcome.resume_token != first.resume_token
    assert len(bar.events(ann, Snapshot)) == 1
    await until(lambda: bar.events(witness, Back))
    assert bar.events(witness, Left) == []
    assert (await ann.chat("here again")).offset
    assert [name for name, _ in await bar.house.story(bar.user(ann))] == ["seat_hold", "room_join"]


async def test_a_message_sent_into_a_broken_socket_is_said_once(bar: Bar, room: UUID) -> None:
    witness, ann = await bar.join(room), await bar.join(room)
    talking = asyncio.create_task(ann.chat("did you hear that"))
    await asyncio.sleep(0)
    ann.cut()
    assert (await talking).offset
    assert (await ann.chat("I did")).offset
    await until(lambda: len(bar.events(witness, Said)) == 2)
    assert [said.text for said in bar.events(witness, Said)] == ["did you hear that", "I did"]


async def test_the_older_socket_is_let_go_for_the_newer(bar: Bar, room: UUID) -> None:
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as first, raw(body["ws_url"]) as second:
        welcome = await first.hello(body["ticket"])
        await second.send(t="hello", resume_token=welcome["resume_token"], epoch=welcome["epoch"], offset=0)
        resumed = await second.told("welcome")
        assert await first.code() == 4009
        assert (resumed["visit"], resumed["resumed"]) == (welcome["visit"], False)
        await second.told("snapshot")


async def test_a_resume_token_is_good_until_its_successor_is_known_to_be_held(bar: Bar, room: UUID) -> None:
    """A lost welcome locks nobody out; a token that was replaced and acknowledged opens nothing."""
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        first = (await guest.hello(body["ticket"]))["resume_token"]

    async def resume(token: str, *, speak: bool) -> str:
        async with raw(body["ws_url"]) as socket:
            await socket.send(t="hello", resume_token=token, epoch="x", offset=0)
            following: str = (await socket.told("welcome"))["resume_token"]
            if speak:
                await socket.send(t="ping", n=1)
                await socket.told("pong")
                await until(lambda: confirmed(bar))
            return following

    await resume(first, speak=False)
    second = await resume(first, speak=True)
    with pytest.raises(websockets.ConnectionClosed) as closed:
        await resume(first, speak=False)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4003
    await resume(second, speak=False)


async def confirmed(bar: Bar) -> bool:
    return bool(await bar.house.pool.fetchval("select resume_prev_hash is null from seats"))


async def test_whoever_leaves_is_gone_at_once(bar: Bar, room: UUID) -> None:
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        await guest.send(t="leave", cid="bye")
        assert (await guest.told("ack"))["cid"] == "bye"
        assert await bar.house.occupied(room) == 0
        assert await guest.code() == 1000


async def test_a_slow_sign_in_service_costs_nobody_their_place_in_view(bar: Bar, room: UUID) -> None:
    """Tokens are renewed beside the heartbeat, not before it."""
    witness, ann = await bar.join(room), await bar.join(room)
    async with (
        await asyncio.start_server(lambda *_: asyncio.sleep(60), "127.0.0.1", 0) as silent,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}", timeout=30) as http,
    ):
        account = ann._account
        account._http, account._refresh, account._fresh_until = http, "a refresh token", 0.0
        await asyncio.sleep(3 * bar.settings["away_seconds"])  # not a wait for something: nothing is to happen
        assert bar.events(witness, Away) == []
        ann.close()
