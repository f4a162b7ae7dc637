"""Hosts and moderators keep order from where they stand; everybody else asks in vain. And emotes."""

from typing import Any
from uuid import UUID, uuid4

from tests.rooms.realtime.bar import Bar, raw
from tests.rooms.realtime.test_voice import ANN, BOB, CAT, inside, refusal, written
from tests.waiting import until


async def test_a_host_mutes_and_unmutes_and_the_microphone_closes(bar: Bar) -> None:
    room = await bar.house.room(host=ANN)
    async with inside(bar, room, ANN, BOB, CAT) as (ann, bob, cat):
        await bob.send(t="voice_state", cid="v", publishing=True)
        assert (await cat.told("voice_state"))["publishing"] is True
        await until(lambda: written(bar, BOB, 1))
        await ann.send(t="mute", cid="m", user=str(BOB), seconds=600)
        assert (await ann.told("ack"))["cid"] == "m"
        muted = await cat.told("mute")
        assert (muted["user"], muted["scope"]) == (str(BOB), "room")
        assert muted["until"]
        assert (await cat.told("voice_state"))["publishing"] is False
        for command in (
            {"t": "chat", "text": "hi"},
            {"t": "emote", "emote": "wave"},
            {"t": "voice_state", "publishing": True},
        ):
            await bob.send(cid=command["t"], **command)
            assert await refusal(bob) == "muted"
        await bob.send(t="voice_signal", cid="s", to=str(CAT), kind="offer", data=1)
        assert await refusal(bob) == "muted"
        await ann.send(t="unmute", cid="u", user=str(BOB))
        assert (await cat.told("unmute"))["user"] == str(BOB)
        await bob.send(t="chat", cid="hello", text="thank you")
        assert (await cat.told("chat"))["text"] == "thank you"
    names = await bar.house.pool.fetch("select name from events where stream_id = $1 order by pos", f"room-{room}")
    assert [row["name"] for row in names] == ["room_create", "room_mute", "room_unmute"]


async def test_a_mute_of_somebody_who_was_never_there_is_answered_and_not_kept(bar: Bar) -> None:
    room = await bar.house.room(host=ANN)
    async with inside(bar, room, ANN) as (ann,):
        await ann.send(t="mute", cid="m", user=str(BOB), seconds=600)
        assert (await ann.told("ack"))["cid"] == "m"
        async with inside(bar, room, BOB) as (bob,):
            await bob.send(t="chat", cid="hello", text="I can be heard")
            assert (await ann.told("chat"))["user"] == str(BOB)


async def test_a_guest_keeps_no_order_and_a_moderator_does(bar: Bar) -> None:
    room = await bar.house.room(host=ANN)
    judge = uuid4()
    headers = bar.issuer.headers(judge, roles=["moderator"])
    answer = await bar.http.post(f"/v1/rooms/{room}/join", json={"device_type": "web"}, headers=headers)
    body = answer.json()
    async with inside(bar, room, ANN, BOB, CAT) as (ann, bob, cat), raw(body["ws_url"]) as moderator:
        await moderator.hello(body["ticket"])
        for command in ("mute", "unmute", "kick"):
            await bob.send(t=command, cid=command, user=str(CAT))
            assert await refusal(bob) == "not_host"
        await ann.send(t="kick", cid="k", user=str(ANN))
        assert await refusal(ann) == "self"
        await moderator.send(t="kick", cid="k", user=str(CAT), seconds=60)
        assert (await moderator.told("ack"))["cid"] == "k"
        assert await bob.told("kick") == {"t": "kick", "offset": (await _left(bob, CAT))["offset"] - 1} | {
            "user": str(CAT),
            "reason": "kicked",
        }
        assert await cat.code() == 4010
    assert await bar.house.story(CAT) == [("seat_hold", None), ("room_join", None), ("room_leave", "kicked")]
    headers = bar.issuer.headers(CAT)
    again = await bar.http.post(f"/v1/rooms/{room}/join", json={"device_type": "web"}, headers=headers)
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (403, "room_banned")


async def _left(guest: Any, user: UUID) -> dict[str, Any]:
    left: dict[str, Any] = await guest.told("leave")
    assert left["user"] == str(user)
    return left


async def test_an_emote_of_the_house_is_shown_once(bar: Bar) -> None:
    room = await bar.house.room()
    async with inside(bar, room, ANN, BOB) as (ann, bob):
        for _ in range(2):
            await ann.send(t="emote", cid="e", emote="toast")
            ack = await ann.told("ack")
        shown = await bob.told("emote")
        assert shown == {"t": "emote", "offset": ack["offset"], "user": str(ANN), "emote": "toast"}
        await ann.send(t="emote", cid="f", emote="teleport")
        assert await refusal(ann) == "not_owned"
        await ann.send(t="chat", cid="g", text="done")
        assert (await bob.told("chat"))["offset"] == shown["offset"] + 1
