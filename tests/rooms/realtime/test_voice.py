"""Voice over the socket: microphones the room is told of and the log counts, and signals from browser to browser."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.contracts.social import BlockUser, MuteUser
from libs.safety.pairs import pair_stream
from libs.safety.replica import PAIRS
from tests.rooms.realtime.bar import Bar, Raw, raw
from tests.rooms.safety import told
from tests.waiting import until

ANN, BOB, CAT, DAN = (UUID(int=n) for n in (1, 2, 3, 4))
SDP = {"sdp": "v=0\r\n", "type": "offer", "n": [1, 2.5, None]}


@asynccontextmanager
async def inside(bar: Bar, room: UUID, *users: UUID) -> AsyncIterator[list[Raw]]:
    """Everybody in the room, each on a socket of their own."""
    async with AsyncExitStack() as stack:
        guests = []
        for user in users:
            body = await bar.ticket(room, user)
            guest = await stack.enter_async_context(raw(body["ws_url"]))
            await guest.hello(body["ticket"])
            await guest.told("snapshot")
            guests.append(guest)
        yield guests


async def log(bar: Bar, user: UUID) -> list[tuple[str, dict[str, Any]]]:
    rows = await bar.house.pool.fetch(
        "select name, data from events where stream_id = $1 order by pos", f"visitor-{user}"
    )
    return [(row["name"], row["data"]) for row in rows]


async def written(bar: Bar, user: UUID, count: int) -> bool:
    return [name for name, _ in await log(bar, user)].count("voice_state") == count


async def refusal(guest: Raw) -> str:
    return str((await guest.told("error"))["type"]).rpartition("/")[2]


async def test_the_room_hears_of_a_microphone_and_its_seconds_follow_from_the_log(bar: Bar) -> None:
    room = await bar.house.room()
    async with inside(bar, room, ANN, BOB) as (ann, bob):
        for _ in range(2):
            await ann.send(t="voice_state", cid="on", publishing=True)
            ack = await ann.told("ack")
        turned = await bob.told("voice_state")
        assert turned == {"t": "voice_state", "offset": ack["offset"], "user": str(ANN), "publishing": True}
        await until(lambda: written(bar, ANN, 1))
        async with inside(bar, room, CAT):
            pass
        await ann.send(t="voice_state", cid="off", publishing=False)
        assert (await bob.told("voice_state"))["publishing"] is False
        await ann.send(t="voice_state", cid="again", publishing=True)
        await until(lambda: written(bar, ANN, 3))
        await ann.send(t="leave", cid="bye")
        assert await ann.code() == 1000
    story = await log(bar, ANN)
    names = [name for name, _ in story]
    assert names == [
        *("seat_hold", "room_join", "voice_state", "voice_state", "voice_state"),
        *("voice_active_seconds", "room_leave"),
    ]
    on, off, again = [datetime.fromisoformat(data["at"]) for name, data in story if name == "voice_state"]
    left_at = datetime.fromisoformat(story[-1][1]["left_at"])
    assert story[-2][1]["seconds"] == round(((off - on) + (left_at - again)).total_seconds())


async def test_what_a_microphone_did_just_before_its_visit_ended_is_in_the_log(bar: Bar) -> None:
    room = await bar.house.room()
    guests = [UUID(int=100 + n) for n in range(5)]
    async with inside(bar, room, *guests) as sockets:
        for guest in sockets:
            for cid, publishing in enumerate((True, False, True, False)):
                await guest.send(t="voice_state", cid=cid, publishing=publishing)
            await guest.send(t="leave", cid="home")
        for user in guests:
            await until(partial(_over, bar, user))
            turns = [data["publishing"] for name, data in await log(bar, user) if name == "voice_state"]
            assert turns == [True, False, True, False]


async def _over(bar: Bar, user: UUID) -> bool:
    return (await log(bar, user))[-1][0] == "room_leave"


async def test_a_microphone_closes_with_its_socket_and_opens_by_its_owners_word_alone(bar: Bar) -> None:
    room = await bar.house.room()
    async with inside(bar, room, BOB) as (bob,):
        async with inside(bar, room, ANN) as (ann,):
            await ann.send(t="voice_state", cid=1, publishing=True)
            assert (await bob.told("voice_state"))["publishing"] is True
        assert (await bob.told("voice_state"))["publishing"] is False
        await until(lambda: written(bar, ANN, 2))
        body = await bar.ticket(room, ANN)
        async with raw(body["ws_url"]) as again:
            await again.hello(body["ticket"])
            (me,) = [each for each in (await again.told("snapshot"))["members"] if each["user"] == str(ANN)]
            assert me["publishing"] is False


async def test_so_many_speak_at_a_time_and_where_there_is_no_voice_nobody(bar: Bar) -> None:
    await bar.node("small", voice_publishers=1, node_region="me")
    await bar.node("mute", voice_adapter="none", node_region="na")
    async with inside(bar, await bar.house.room(region="me"), ANN, BOB) as (ann, bob):
        await ann.send(t="voice_state", cid=1, publishing=True)
        await ann.told("ack")
        await bob.send(t="voice_state", cid=1, publishing=True)
        assert await refusal(bob) == "voice_full"
        await ann.send(t="voice_state", cid=2, publishing=False)
        await ann.told("ack")
        await bob.send(t="voice_state", cid=1, publishing=True)
        assert (await bob.told("ack"))["cid"] == 1
    async with inside(bar, await bar.house.room(region="na"), CAT) as (cat,):
        await cat.send(t="voice_state", cid=1, publishing=True)
        assert await refusal(cat) == "voice_off"


async def hear(bar: Bar, event: Any, one: UUID, other: UUID) -> None:
    async with bar.house.pool.acquire() as db, db.transaction():
        await PAIRS.apply(db, told(event, stream=pair_stream(one, other)))


async def test_signals_reach_whom_they_are_for_as_they_were_sent_and_nobody_in_a_block(bar: Bar) -> None:
    """Cat has blocked Ann, Dan has muted Ann: the one is not there for her, the other does not hear her."""
    await hear(bar, BlockUser(blocker_user_id=CAT, blocked_user_id=ANN), ANN, CAT)
    await hear(bar, MuteUser(muter_user_id=DAN, muted_user_id=ANN), ANN, DAN)
    room = await bar.house.room()
    async with inside(bar, room, ANN, BOB, CAT, DAN) as (ann, bob, cat, dan):

        async def signal(to: UUID, cid: Any, kind: str = "offer", data: Any = SDP) -> None:
            await ann.send(t="voice_signal", cid=cid, to=str(to), kind=kind, data=data)

        await signal(BOB, 1)
        assert await ann.told("ack") == {"t": "ack", "cid": 1}
        assert await bob.told("voice_signal") == {"t": "voice_signal", "from": str(ANN), "kind": "offer", "data": SDP}
        for nobody, cid in ((CAT, 2), (uuid4(), 3), (ANN, 4)):
            await signal(nobody, cid)
            assert await refusal(ann) == "not_found"
        for kind, data in (("shout", SDP), ("offer", "x" * 17_000)):
            await signal(BOB, 5, kind, data)
            assert await refusal(ann) == "invalid"
        await signal(DAN, 6)
        await ann.told("ack")
        await signal(DAN, 7, "answer", "to what he said")
        assert (await dan.told("voice_signal"))["kind"] == "answer", "she may listen to him"
        await cat.send(t="voice_signal", cid=1, to=str(ANN), kind="offer", data=SDP)
        assert await refusal(cat) == "not_found", "a block holds both ways"
        await dan.send(t="voice_signal", cid=1, to=str(ANN), kind="offer", data=SDP)
        assert (await ann.told("voice_signal"))["from"] == str(DAN), "his mute is his own: she may hear him"
        await bob.send(t="voice_signal", cid=1, to=str(CAT), kind="bye", data=None)
        assert (await cat.told("voice_signal"))["from"] == str(BOB), "Ann's never came"


@pytest.mark.parametrize("frame", [{"t": "voice_signal", "cid": 1, "to": "bob", "kind": "offer", "data": 1}])
async def test_what_is_no_frame_of_the_protocol_closes_the_socket(bar: Bar, frame: dict[str, Any]) -> None:
    async with inside(bar, await bar.house.room(), ANN) as (ann,):
        await ann.send(**frame)
        assert await ann.code() == 4000


async def test_a_signal_that_is_no_text_costs_its_sender_the_socket_and_nobody_else(bar: Bar) -> None:
    """It is passed on as it came, and whoever receives a text frame that is no UTF-8 has to hang up."""
    async with inside(bar, await bar.house.room(), ANN, BOB) as (ann, bob):
        said = f'{{"t":"voice_signal","cid":1,"to":"{BOB}","kind":"bye","data":"?"}}'.encode()
        await ann.socket.send(said.replace(b"?", b"\xff\xfe"), text=True)
        await bob.told("away")
        assert await ann.code() == 4000
        await bob.send(t="ping", n=1)
        await bob.told("pong")
