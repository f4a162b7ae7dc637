"""Cut off and back again, many times, while others talk: nothing permitted is lost, nothing comes twice."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from services.rooms.realtime.lane_wire import lane_key
from tests.faults.load import LONG
from tests.rooms.api import Issuer
from tests.rooms.house import House
from tests.rooms.realtime.bar import Bar, opening, raw
from tests.rooms.realtime.conftest import NO_KAFKA
from tests.rooms.realtime.ears import PATIENT, Ear, misheard, words
from tests.waiting import until

ROUNDS = 10_000 if LONG else 200
CUT = 8  # at the same time
CROWD = 1_000 if LONG else 60
pytestmark = pytest.mark.timeout(3600 if LONG else 120)


@pytest.fixture
async def lively(live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer) -> AsyncIterator[Bar]:
    address = {"limit_address_sockets": 5_000, "limit_address_half_open": 5_000, "limit_half_open": 5_000}
    settings = PATIENT | address
    async with opening(live_house, issuer, redis, redis_server.url("rooms"), NO_KAFKA, **settings) as made:
        await made.node()
        yield made


class Evening:
    """Three people talk, one listens all the time; the others come and go."""

    def __init__(self, bar: Bar, room: UUID) -> None:
        self.bar, self.room = bar, room
        self.ears: list[Ear] = []
        self.told = 0

    async def run(self, rounds: int, back: Callable[[Ear], Awaitable[None]], patience: float = 10.0) -> list[str]:
        """Every round somebody is cut off, and comes `back`. Returns what was wrong with anybody's hearing."""
        self.witness = await Ear(self.bar, self.room).come()
        talkers = [await Ear(self.bar, self.room).come() for _ in range(3)]
        self.ears = [await Ear(self.bar, self.room).come() for _ in range(CUT)]
        listening = [asyncio.create_task(each.listen()) for each in (self.witness, *talkers)]
        talking = [asyncio.create_task(self._talk(each)) for each in talkers]
        dice = random.Random(1)
        await asyncio.gather(*(self._rounds(ear, rounds // CUT, back, dice) for ear in self.ears))
        for task in talking:
            task.cancel()
        await until(lambda: len(self.witness.words) == self.told, what="the witness hearing all of it")
        last = self.witness.words[-1]
        for ear in self.ears:
            await back(ear)
            while ear.words[-1:] != [last] and await ear.listen(1, within=patience):
                pass
        for ended in listening:
            ended.cancel()
        return [wrong for ear in self.ears for wrong in misheard(ear, self.witness.words)]

    async def _talk(self, talker: Ear) -> None:
        while True:
            self.told += 1
            await talker.say(f"{self.told}", f"word {self.told}")
            await asyncio.sleep(0.015)

    async def _rounds(self, ear: Ear, rounds: int, back: Callable[[Ear], Awaitable[None]], dice: random.Random) -> None:
        for _ in range(rounds):
            await ear.listen(dice.choice((0, 1, 3, 1_000)), within=dice.uniform(0.01, 0.05))  # in the middle, or all
            ear.cut()
            await asyncio.sleep(dice.choice((0, 0, 0.01, 0.05)))
            await back(ear)


async def test_nothing_is_lost_and_nothing_doubled_however_often_somebody_is_cut_off(lively: Bar) -> None:
    evening = Evening(lively, await lively.house.room())
    assert await evening.run(ROUNDS, Ear.back) == []
    returns = [resumed for ear in evening.ears for resumed in ear.resumed]
    assert len(returns) >= ROUNDS
    assert all(returns)


async def test_control_who_is_played_everything_again_hears_things_twice(lively: Bar) -> None:
    """As of a lane that does not mind how far a client got."""

    async def from_the_start(ear: Ear) -> None:
        await ear.back(offset=ear.since)

    found = await Evening(lively, await lively.house.room()).run(CUT * 3, from_the_start)
    assert any("doubled" in wrong for wrong in found)


async def test_control_who_is_played_nothing_misses_what_was_said(lively: Bar) -> None:
    async def as_if_new(ear: Ear) -> None:
        await ear.back(offset=None, epoch=None)

    found = await Evening(lively, await lively.house.room()).run(CUT * 3, as_if_new, patience=0.2)
    assert any("lost" in wrong for wrong in found)


async def test_a_crowd_that_was_cut_off_at_once_is_back_without_an_error(lively: Bar) -> None:
    crowd: list[Ear] = []
    for _ in range(0, CROWD, 20):
        room = await lively.house.room()
        crowd += await asyncio.gather(*(Ear(lively, room).come() for _ in range(20)))
    for ear in crowd:
        ear.cut()
    async with asyncio.timeout(60):
        await asyncio.gather(*(ear.back() for ear in crowd))
    assert [ear.resumed for ear in crowd] == [[True]] * len(crowd)
    assert not [code for ear in crowd for code in ear.codes]


async def test_after_redis_has_forgotten_everything_an_epoch_begins_and_says_so(lively: Bar, redis: "Redis") -> None:
    room = await lively.house.room()
    ann, bob = await Ear(lively, room).come(), await Ear(lively, room).come()
    epoch = ann.epoch
    await until(lambda: redis.exists(lane_key(room)))
    ann.cut()
    await redis.flushall()
    await ann.back()
    assert ann.resumed == [False]
    assert ann.epoch != epoch
    ann.cut()
    await bob.say("1", "still here")
    await until(lambda: redis.exists(lane_key(room)))
    await ann.back()
    assert ann.resumed == [False, True]
    assert await ann.listen(1)
    assert bob.epoch == epoch, "which it will be told when it is cut off"


async def test_a_stream_lives_as_long_as_its_room_is_held_and_a_while_longer(lively: Bar, redis: "Redis") -> None:
    quick = await lively.node("quick", node_region="me", lane_seconds=2.0, lane_refresh_seconds=0.2)
    room = await lively.house.room(region="me")
    ann = await Ear(lively, room).come()
    await ann.say("1", "soon forgotten")
    await until(lambda: redis.exists(lane_key(room)))
    await asyncio.sleep(2.5)  # longer than it would live by itself
    assert await redis.exists(lane_key(room))
    assert not await words(redis, room), "and what was said is not kept longer than that"
    await quick.end()
    await until(lambda: _gone(redis, room))


async def _gone(redis: "Redis", room: UUID) -> bool:
    return not await redis.exists(lane_key(room))


async def test_without_redis_whoever_is_cut_off_resumes_all_the_same(
    live_house: House, issuer: Issuer, redis: "Redis"
) -> None:
    """What this node remembers it need not ask for."""
    async with opening(live_house, issuer, redis, "redis://127.0.0.1:1/0", NO_KAFKA, **PATIENT) as bar:
        await bar.node()
        room = await bar.house.room()
        ann, bob = await Ear(bar, room).come(), await Ear(bar, room).come()
        ann.cut()
        await bob.say("1", "no Redis, no matter")
        await bob.listen(1)
        await ann.back()
        assert ann.resumed == [True]
        assert await ann.listen(1)


async def test_an_offset_that_nobody_was_told_is_no_ground_to_resume_from(lively: Bar) -> None:
    room = await lively.house.room()
    ann = await Ear(lively, room).come()
    for offset in (ann.offset + 1_000, 0, 2**53 - 1):
        ann.cut()
        await ann.back(offset=offset)
    ann.cut()
    await ann.back(epoch="another")
    assert not any(ann.resumed)


async def test_an_author_a_host_and_a_moderator_take_words_back_and_nobody_else(lively: Bar) -> None:
    host = uuid4()
    room = await lively.house.room(host=host)
    people = {"ann": await lively.ticket(room), "host": await lively.ticket(room, host)}
    bob = await Ear(lively, room).come()
    async with raw(people["ann"]["ws_url"]) as ann, raw(people["host"]["ws_url"]) as boss:
        await ann.hello(people["ann"]["ticket"])
        await boss.hello(people["host"]["ticket"])
        bob.cut()
        said = []
        for number in range(3):
            await ann.send(t="chat", cid=number, text=f"word {number}")
            said.append((await boss.told("chat"))["id"])
        await boss.send(t="redact", cid="r", id=said[0])
        assert (await boss.told("ack"))["cid"] == "r"
        assert (await ann.told("redact"))["id"] == said[0]
        await ann.send(t="redact", cid="mine", id=said[1])
        redacted = await boss.told("redact")
        assert redacted["id"] == said[1]
        await bob.back()
        assert await bob.listen(1)
        assert [text for _, text in bob.words] == ["word 2"]
        for cid, message, refusal in (("r", said[2], "not_host"), ("s", str(uuid4()), "not_found")):
            assert bob._socket
            await bob._socket.send(f'{{"t":"redact","cid":"{cid}","id":"{message}"}}')
            await until(lambda: _hears(bob))
            await until(lambda: any(frame.get("type", "").endswith(refusal) for frame in bob.frames))  # noqa: B023
    await until(lambda: _left(lively.redis, room, said[2:]))


async def _hears(ear: Ear) -> bool:
    with suppress(TimeoutError):
        await ear.listen(within=0.2)
    return True


async def _left(redis: "Redis", room: UUID, ids: list[str]) -> bool:
    return await words(redis, room) == ids
