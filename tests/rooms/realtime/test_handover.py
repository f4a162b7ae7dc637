"""A room goes from node to node while its people talk: they are back where they were, and have missed nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from tests.rooms.api import Issuer
from tests.rooms.house import House
from tests.rooms.realtime.bar import Bar, opening
from tests.rooms.realtime.conftest import NO_KAFKA
from tests.rooms.realtime.ears import PATIENT, Ear, misheard, words
from tests.rooms.realtime.processes import node_process
from tests.waiting import until

GUESTS = 6
OWNER = "select owner_node from room_guards where room_id = $1"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def lively(live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer) -> AsyncIterator[Bar]:
    """An API, and no node yet."""
    async with opening(live_house, issuer, redis, redis_server.url("rooms"), NO_KAFKA, **PATIENT) as made:
        yield made


async def evening(bar: Bar, room: UUID) -> list[Ear]:
    return await asyncio.gather(*(Ear(bar, room).come() for _ in range(GUESTS)))


@asynccontextmanager
async def staying(ears: Sequence[Ear]) -> AsyncIterator[None]:
    """They listen, and come back by themselves."""
    tasks = [asyncio.create_task(ear.stay()) for ear in ears]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Talk:
    """Somebody who says a word every few milliseconds; `said` are those the node has got."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self.said = 0

    async def __aenter__(self) -> "Talk":
        self._task = asyncio.create_task(self._talk())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _talk(self) -> None:
        while True:
            self.said += 1
            if not await self._ear.tries_to_say(f"{self.said}", f"word {self.said}"):
                self.said -= 1
            await asyncio.sleep(0.005)


async def agree(ears: Sequence[Ear], talker: Ear) -> None:
    """One last word, and everybody has it."""
    await until(lambda: talker.tries_to_say("last", "the last word"))
    await until(lambda: all(ear.words and ear.words[-1][1] == "the last word" for ear in ears), what="all of it heard")


def heard_alike(ears: Sequence[Ear]) -> list[str]:
    """Nobody was ever told that something was lost: then they have all heard the same."""
    everything = sorted({word for ear in ears for word in ear.words})
    return [wrong for ear in ears for wrong in misheard(ear, everything)]


async def test_a_node_that_stops_hands_over_in_the_middle_of_a_talk(lively: Bar) -> None:
    first = await lively.node("first", node_region="me")
    room = await lively.house.room(region="me")
    ears = await evening(lively, room)
    slots = {ear.user: ear.frames[0]["slot"] for ear in ears}
    async with staying(ears):
        async with Talk(ears[0]) as talk:
            await until(lambda: talk.said > 20)
            await lively.node("second", node_region="me")
            before = {ear.user: len(ear.frames) for ear in ears}
            await first.end()
            await until(lambda: all(ear.resumed for ear in ears))
            more = talk.said + 20
            await until(lambda: talk.said > more)
        await agree(ears, ears[0])
    assert [ear.resumed for ear in ears] == [[True]] * GUESTS
    assert [ear.codes for ear in ears] == [[1001]] * GUESTS
    assert heard_alike(ears) == []
    assert await lively.house.pool.fetchval(OWNER, room) == "second"
    for ear in ears:
        seen = [frame["t"] for frame in ear.frames[before[ear.user] :]]
        assert [kind for kind in seen if kind in ("join", "leave", "away", "snapshot")] == [], "nobody was seen to go"
        assert [frame["slot"] for frame in ear.frames if frame["t"] == "welcome"] == [slots[ear.user]] * 2


async def test_a_node_that_is_killed_leaves_its_room_to_another(lively: Bar) -> None:
    """Whoever had heard what the dead node had not written yet is told so; the others have missed nothing."""
    async with node_process(lively, "doomed") as doomed:
        room = await lively.house.room(region="me")
        ears = await evening(lively, room)
        async with staying(ears):
            async with Talk(ears[0]) as talk:
                await until(lambda: talk.said > 20)
                await lively.node("heir", node_region="me")
                doomed.kill()
                await doomed.wait()
                await until(lambda: all(ear.resumed for ear in ears))
                more = talk.said + 20
                await until(lambda: talk.said > more)
            await agree(ears, ears[0])
    honest = [ear for ear in ears if all(ear.resumed)]
    assert heard_alike(honest) == []
    assert [ear.words for ear in ears if ear.words != sorted(set(ear.words))] == []
    assert await lively.house.pool.fetchval(OWNER, room) == "heir"


async def test_in_a_quiet_room_everybody_resumes_though_the_node_was_killed(lively: Bar) -> None:
    async with node_process(lively, "doomed") as doomed:
        room = await lively.house.room(region="me")
        ears = await evening(lively, room)
        async with staying(ears):
            await ears[0].say("1", "before")
            await until(lambda: all(ear.words for ear in ears))
            await until(lambda: _written(lively, room))
            await lively.node("heir", node_region="me")
            doomed.kill()
            await doomed.wait()
            await until(lambda: all(ear.resumed for ear in ears))
            await agree(ears, ears[0])
    assert [ear.resumed for ear in ears] == [[True]] * GUESTS
    assert heard_alike(ears) == []


async def test_a_lone_node_that_starts_again_has_its_people_back(lively: Bar) -> None:
    """Nobody else could take the room: it waits for the next process of that name."""
    only = await lively.node("only", node_region="me")
    room = await lively.house.room(region="me")
    ears = await evening(lively, room)
    async with staying(ears):
        await ears[0].say("1", "before")
        await until(lambda: all(ear.words for ear in ears))
        await only.end()
        await lively.node("only", node_region="me")
        await until(lambda: all(ear.resumed for ear in ears))
        await agree(ears, ears[0])
    assert [ear.resumed for ear in ears] == [[True]] * GUESTS
    assert heard_alike(ears) == []


async def test_a_node_that_has_given_its_rooms_up_does_not_ask_for_them_back(lively: Bar) -> None:
    """While it waits for the last of its connections to go, nobody may be sent back to it."""
    node = await lively.node("leaving", node_region="me", renew_seconds=0.02, farewell_seconds=1.5)
    room = await lively.house.room(region="me")
    where = urlsplit((await lively.ticket(room))["ws_url"])
    _, silent = await asyncio.open_connection(where.hostname, where.port)
    going = asyncio.create_task(node.end())
    await until(lambda: _has_left(lively, "leaving"))
    while not going.done():
        assert await _has_left(lively, "leaving")
        await asyncio.sleep(0.05)
    silent.close()


async def _has_left(bar: Bar, name: str) -> bool:
    return not await bar.has_lease(name)


async def test_whoever_did_not_come_back_goes_out_of_view_and_whoever_left_meanwhile_is_gone(lively: Bar) -> None:
    first = await lively.node("first", node_region="me", away_seconds=1.0)
    room = await lively.house.room(region="me")
    ann, absent, leaver = await asyncio.gather(*(Ear(lively, room).come() for _ in range(3)))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(staying([ann]))
        await first.end()
        headers = lively.issuer.headers(leaver.user)
        await lively.http.post(f"/v1/rooms/{room}/leave", headers=headers)
        await lively.node("second", node_region="me", away_seconds=1.0)
        await until(lambda: ann.resumed)
        await until(lambda: [frame["user"] for frame in ann.frames if frame["t"] == "leave"] == [str(leaver.user)])
        await until(lambda: str(absent.user) in [frame["user"] for frame in ann.frames if frame["t"] == "away"])
    assert ann.resumed == [True]


async def test_after_redis_has_lost_it_all_nobody_resumes_at_the_next_node(lively: Bar, redis: "Redis") -> None:
    first = await lively.node("first", node_region="me")
    room = await lively.house.room(region="me")
    ears = await evening(lively, room)
    async with staying(ears):
        await first.end()
        await redis.flushall()
        await lively.node("second", node_region="me")
        await until(lambda: all(ear.resumed for ear in ears))
        await agree(ears, ears[0])
    assert [ear.resumed for ear in ears] == [[False]] * GUESTS


async def _written(bar: Bar, room: UUID) -> bool:
    return len(await words(bar.redis, room)) == 1
