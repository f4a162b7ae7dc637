"""Tickets and tokens that are not for whoever shows them, or not any more: 4003, and nobody's seat is touched."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.rooms.realtime.bar import Bar, Raw, raw
from tests.rooms.realtime.hostile.peace import Peace
from tests.waiting import until

THIEF = UUID(int=66)


async def answer_to(url: str, **hello: Any) -> int:
    async with raw(url) as socket:
        await socket.send(t="hello", **hello)
        return await socket.code()


async def confirmed(bar: Bar, user: UUID) -> bool:
    asked = "select resume_prev_hash is null from seats where user_id = $1"
    return bool(await bar.house.pool.fetchval(asked, user))


async def test_a_used_ticket_opens_nothing_however_often_it_is_shown(bar: Bar, room: UUID, quiet: Peace) -> None:
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        codes = await asyncio.gather(*(answer_to(body["ws_url"], ticket=body["ticket"]) for _ in range(20)))
        assert set(codes) == {4003}
        assert await alive(guest)


async def test_of_twenty_who_show_one_ticket_at_once_one_comes_in(bar: Bar, room: UUID, quiet: Peace) -> None:
    body = await bar.ticket(room)

    async def race() -> str:
        async with raw(body["ws_url"]) as socket:
            await socket.send(t="hello", ticket=body["ticket"])
            try:
                await socket.told("welcome")
            except Exception:
                return str(socket.socket.close_code)
            await asyncio.sleep(0.5)
            return "in" if await alive(socket) else "thrown out"

    answers = sorted(await asyncio.gather(*(race() for _ in range(20))))
    assert answers == ["4003"] * 19 + ["in"]
    assert await bar.house.occupied(room) == 3


async def test_an_older_ticket_is_worth_nothing_once_there_is_a_newer_one(bar: Bar, room: UUID, quiet: Peace) -> None:
    user = uuid4()
    first, second = [await bar.ticket(room, user) for _ in range(2)]
    assert first["visit_id"] == second["visit_id"]
    assert await answer_to(first["ws_url"], ticket=first["ticket"]) == 4003
    async with raw(second["ws_url"]) as guest:
        assert (await guest.hello(second["ticket"]))["visit"] == second["visit_id"]


async def test_a_rotated_token_opens_nothing_and_its_successor_still_does(bar: Bar, room: UUID, quiet: Peace) -> None:
    user = uuid4()
    body = await bar.ticket(room, user)
    tokens: list[str] = []
    async with raw(body["ws_url"]) as guest:
        tokens.append((await guest.hello(body["ticket"]))["resume_token"])
    for _ in range(3):
        async with raw(body["ws_url"]) as guest:
            await guest.send(t="hello", resume_token=tokens[-1], epoch="x", offset=0)
            tokens.append((await guest.told("welcome"))["resume_token"])
            assert await alive(guest)
            await until(lambda: confirmed(bar, user))
    assert len(set(tokens)) == 4
    codes = await asyncio.gather(
        *(answer_to(body["ws_url"], resume_token=each, epoch="x", offset=0) for each in tokens[:-1])
    )
    assert codes == [4003] * 3
    async with raw(body["ws_url"]) as guest:
        await guest.send(t="hello", resume_token=tokens[-1], epoch="x", offset=0)
        await guest.told("welcome")


async def test_a_thief_with_half_of_each_gets_in_nowhere(bar: Bar, room: UUID, quiet: Peace) -> None:
    """One's own ticket with another's token, and the other way round: what opens decides who comes in."""
    other = await bar.house.room()
    victim, mine = await bar.ticket(room), await bar.ticket(room, THIEF)
    elsewhere = await bar.ticket(other)
    async with raw(victim["ws_url"]) as guest:
        welcome = await guest.hello(victim["ticket"])
        token, url = welcome["resume_token"], victim["ws_url"]
        stolen = {"resume_token": token, "epoch": welcome["epoch"], "offset": welcome["offset"]}
        async with raw(url) as thief:
            await thief.send(t="hello", ticket=mine["ticket"], **stolen)
            assert (await thief.told("welcome"))["visit"] == mine["visit_id"]
        assert await answer_to(url, ticket=victim["ticket"], **stolen) == 4003
        assert await answer_to(elsewhere["ws_url"], **stolen) == 4003, "for another room"
        assert await answer_to(url, ticket=elsewhere["ticket"]) == 4003
        forged = mine["ticket"][:20] + victim["ticket"][20:]
        assert await answer_to(url, ticket=forged) == 4003
        assert await answer_to(url, resume_token=token[:-1] + ("A" if token[-1] != "A" else "B")) == 4003
        assert await alive(guest)


async def test_a_token_of_a_visit_that_is_over_is_a_seat_gone(bar: Bar, room: UUID, quiet: Peace) -> None:
    user = uuid4()
    body = await bar.ticket(room, user)
    async with raw(body["ws_url"]) as guest:
        token = (await guest.hello(body["ticket"]))["resume_token"]
        await guest.send(t="leave", cid=1)
        assert await guest.code() == 1000
    assert await answer_to(body["ws_url"], resume_token=token, epoch="x", offset=0) == 4012
    again = await bar.ticket(room, user)
    assert again["visit_id"] != body["visit_id"]
    assert await answer_to(again["ws_url"], resume_token=token, epoch="x", offset=0) == 4012


@pytest.mark.parametrize("epoch", ["", "x", "é" * 1000, "0" * 30_000])
async def test_made_up_epochs_and_offsets_get_a_snapshot_and_no_past(
    bar: Bar, room: UUID, quiet: Peace, epoch: str
) -> None:
    before = (await quiet.walker.chat("before anybody else came")).offset
    assert before
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        welcome = await guest.hello(body["ticket"])
    known, token = welcome["epoch"], welcome["resume_token"]
    claims = [(epoch, 0), (epoch, -1), (epoch, welcome["offset"])]
    claims += [(known, offset) for offset in (2**52, -(2**52), 0, before, before - 1)]
    for claimed, offset in claims:
        async with raw(body["ws_url"]) as guest:
            await guest.send(t="hello", resume_token=token, epoch=claimed, offset=offset)
            answer = await guest.told("welcome")
            assert not answer["resumed"], (claimed, offset)
            assert (await guest.told("snapshot"))["offset"] == answer["offset"]
            token = answer["resume_token"]


async def test_the_control_an_honest_claim_is_believed(bar: Bar, room: UUID, quiet: Peace) -> None:
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        welcome = await guest.hello(body["ticket"])
    said = await quiet.walker.chat("while you were away")
    async with raw(body["ws_url"]) as guest:
        claim = {"resume_token": welcome["resume_token"], "epoch": welcome["epoch"], "offset": welcome["offset"]}
        await guest.send(t="hello", **claim)
        assert (await guest.told("welcome"))["resumed"]
        while (heard := await guest.told("chat"))["offset"] != said.offset:
            pass
        assert heard["text"] == "while you were away"


async def alive(guest: Raw) -> bool:
    await guest.send(t="ping", n=5)
    return bool((await guest.told("pong"))["n"] == 5)
