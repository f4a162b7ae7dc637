"""Over however many sockets and nodes: every word once and in order, and every command done once."""

from time import monotonic
from typing import Any
from uuid import UUID

import httpx2
import pytest

from clients.python.events import Over, Reconnecting, Said, Snapshot, Welcome
from tests.clients.node import Socket, Theatre, playing
from tests.waiting import until


def said(theatre: Theatre) -> list[str]:
    return [event.text for event in theatre.heard if isinstance(event, Said)]


def heard(theatre: Theatre, *kinds: type) -> list[Any]:
    return [event for event in theatre.heard if isinstance(event, kinds)]


async def chatty(socket: Socket) -> None:
    """Says two things and is cut off."""
    await socket.welcome(offset=10)
    await socket.says(11, "one")
    await socket.says(13, "two")  # what came between was not for us
    socket.raw.transport.abort()


async def test_a_resume_goes_on_where_it_was_and_takes_nothing_twice() -> None:
    async def back(socket: Socket) -> None:
        await socket.welcome(resumed=True, offset=15, token="r2")
        await socket.says(13, "two")  # a replay may begin early
        await socket.says(14, "three")
        await socket.says(15, "four")

    async with playing(chatty, back) as (theatre, visit):
        await until(lambda: "four" in said(theatre))
        assert said(theatre) == ["one", "two", "three", "four"]
        assert theatre.played[1].hello == {"t": "hello", "resume_token": "r1", "epoch": "1", "offset": 13}
        assert theatre.tickets == 0
        assert len(heard(theatre, Snapshot)) == 1
        assert [welcome.resumed for welcome in heard(theatre, Welcome)] == [False, True]
        assert (visit.roster.offset, set(visit.roster.people)) == (15, {UUID(int=1)})


async def test_a_resume_that_is_cut_short_asks_for_the_rest() -> None:
    """The welcome's offset is the room's, not what has been heard of it."""

    async def half_way(socket: Socket) -> None:
        await socket.welcome(resumed=True, offset=99, token="r2")
        await socket.says(14, "three")
        socket.raw.transport.abort()

    async with playing(chatty, half_way, chatty_end) as (theatre, _):
        await until(lambda: "the end" in said(theatre))
        assert (theatre.played[2].hello["offset"], theatre.played[2].hello["resume_token"]) == (14, "r2")


async def chatty_end(socket: Socket) -> None:
    await socket.welcome(resumed=True, offset=100)
    await socket.says(100, "the end")


async def test_a_loss_is_said_and_the_snapshot_counts_anew() -> None:
    async def another_epoch(socket: Socket) -> None:
        await socket.welcome(resumed=False, offset=2, epoch="2")
        await socket.says(3, "here we are again")

    async with playing(chatty, another_epoch) as (theatre, visit):
        await until(lambda: "here we are again" in said(theatre))
        assert (visit.roster.epoch, visit.roster.offset) == ("2", 3)
        assert len(heard(theatre, Snapshot)) == 2


async def test_a_command_without_an_answer_is_sent_again_under_its_own_id() -> None:
    sent = list[dict[str, Any]]()

    async def deaf(socket: Socket) -> None:
        await socket.welcome()
        sent.append(await socket.hear())
        socket.raw.transport.abort()

    async def hearing(socket: Socket) -> None:
        await socket.welcome(resumed=True, offset=7)
        sent.append(await socket.hear())
        await socket.tell("ack", cid=sent[-1]["cid"], offset=7)

    async with playing(deaf, hearing) as (_, visit):
        assert (await visit.chat("once")).offset == 7
        assert sent[0] == sent[1]
        assert visit.roster.offset == 0, "an answer is not what the room was told"


@pytest.mark.parametrize("closes", [True, False])
async def test_a_drained_room_is_found_on_another_node(closes: bool) -> None:
    """Whether the old node closes at once or leaves that to us."""

    async def drained(socket: Socket) -> None:
        await socket.welcome(offset=10)
        await socket.tell("drain", after_ms=0)
        if closes:
            await socket.raw.close(1001)

    async with playing(drained, chatty_end, nodes=2) as (theatre, _):
        await until(lambda: "the end" in said(theatre))
        assert theatre.played[1].hello == {
            "t": "hello",
            "ticket": "t1",
            "resume_token": "r1",
            "epoch": "1",
            "offset": 10,
        }
        assert [event.code for event in heard(theatre, Reconnecting)] == [1001]
        assert len(theatre.played) == 2


async def test_a_dead_node_is_asked_for_until_the_room_is_elsewhere() -> None:
    busy = httpx2.Response(503, headers={"content-type": "application/problem+json"}, json={"type": "x/unavailable"})

    async def overloaded(socket: Socket) -> None:
        await socket.raw.close(1013)

    async with playing(chatty, overloaded, chatty_end) as (theatre, _):
        theatre.refusals = [busy, busy]
        await until(lambda: "the end" in said(theatre))
        assert (theatre.tickets, theatre.refusals) == (1, [])
        assert theatre.played[2].hello["ticket"] == "t1"


@pytest.mark.parametrize("code", [1000, 1009, 4000, 4002, 4004, 4009, 4010, 4011, 4012, 4029])
async def test_where_there_is_nothing_to_come_back_to_the_visit_is_over(code: int) -> None:
    async def ended(socket: Socket) -> None:
        await socket.welcome()
        await socket.raw.close(code)

    async with playing(ended) as (theatre, visit):
        over = await until(lambda: visit.over)
        assert over == Over(code)
        assert len(theatre.played) == 1


async def test_a_seat_that_is_gone_ends_it_too() -> None:
    gone = httpx2.Response(410, headers={"content-type": "application/problem+json"}, json={"type": "x/seat_gone"})

    async def moved(socket: Socket) -> None:
        await socket.welcome()
        await socket.raw.close(1001)

    async with playing(moved) as (theatre, visit):
        theatre.refusals = [gone]
        over = await until(lambda: visit.over)
        assert over == Over(4012, "seat_gone")


async def test_a_new_access_token_is_shown_before_the_old_one_ends() -> None:
    """Once each, and nothing before there is a new one."""
    heard = list[dict[str, Any]]()

    async def listening(socket: Socket) -> None:
        await socket.welcome(heartbeat_ms=100)
        while True:
            heard.append(await socket.hear())

    def shown() -> list[str]:
        return [each["token"] for each in heard if each["t"] == "auth"]

    async with playing(listening) as (theatre, visit):
        await until(lambda: len(heard) > 3)
        assert (shown(), theatre.renewals) == ([], 0)
        account = visit._account
        account._refresh, account._fresh_until = "a refresh token", monotonic() + 20.0  # good, but not for long
        await until(lambda: shown() == ["a1"])
        before = len(heard)
        await until(lambda: len(heard) > before + 3)
        assert (shown(), theatre.renewals) == (["a1"], 1)
        assert {each["t"] for each in heard} == {"ping", "auth"}


async def test_a_node_that_says_nothing_is_left() -> None:
    async def mute(socket: Socket) -> None:
        await socket.welcome(heartbeat_ms=50)

    async with playing(mute, chatty_end) as (theatre, _):
        await until(lambda: "the end" in said(theatre))
        assert heard(theatre, Reconnecting) == [Reconnecting(1006)]
