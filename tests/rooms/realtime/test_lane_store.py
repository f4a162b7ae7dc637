"""Lanes in a real Redis: what an owner may write there, and what the next one finds."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from libs.safety.surface import Surface
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.lane import KEPT, MARK_EVERY, Lane, first_offset
from services.rooms.realtime.lane_past import Overtaken
from services.rooms.realtime.lane_store import LaneStore
from services.rooms.realtime.lane_wire import lane_key
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.room import Guest, Room
from services.rooms.realtime.roster import Checkpoint, Person, packed
from services.rooms.realtime.slots import Slots
from services.rooms.words import Words
from tests.rooms.people import NINE
from tests.rooms.realtime.views import now
from tests.waiting import until

ANN = UUID(int=1)


class Owner:
    """One node, and a room it has, or believes to have."""

    def __init__(self, redis: "Redis", room: UUID, fence: int) -> None:
        self.lost: list[UUID] = []
        self.store = LaneStore(redis, 600, 20, self.lost.append)
        self.hall = Hall(Room(room, fence, "", FLOORS["lounge"], Pace(), Slots()), 0.0, lane=Lane())

    async def open(self) -> "Owner":
        past = await self.store.past(self.hall.room.room_id, self.hall.room.fence)
        self.texts = [entry.json for entry in past.entries if entry.chat]
        self.hall.room.offset, self.hall.lane = past.reached, Lane(entries=past.entries)
        self.store.opened(self.hall, exists=past.exists)
        if past.roster:
            self.hall.room.epoch = past.roster.epoch
            self.hall.mark()
        else:
            self.hall.begin()
        return self

    def say(self, text: str, user: UUID = ANN) -> int:
        said = self.hall.room.say(self._member(user), uuid4(), text, now())
        self.hall.tell(said, Surface.CHAT, user, chat=said.id)
        return said.offset

    def _member(self, user: UUID) -> Any:
        if member := self.hall.room.members.get(user):
            return member
        member, joined = self.hall.room.admit(Guest(user, uuid4(), uuid4(), NINE, "web"), 0.0)
        self.hall.tell(joined, Surface.JOIN, user, visit=member.guest.visit)
        return member


@pytest.fixture
async def bytes_redis(redis: "Redis", redis_server: RedisServer) -> "AsyncIterator[Redis]":
    """As nodes have it: under rooms' own name, with bytes for answers, and not for long."""
    async with Redis.from_url(redis_server.url("rooms"), socket_timeout=0.3) as client:
        yield client


async def said(redis: "Redis", room: UUID) -> list[str]:
    entries: Any = await redis.xrange(lane_key(room))
    return [fields["frame"].split('"text":"')[1].split('"')[0] for _, fields in entries if "chat" in fields]


async def test_the_next_owner_finds_what_was_told_and_counts_above_it(redis: "Redis", bytes_redis: "Redis") -> None:
    old = await Owner(bytes_redis, uuid4(), 3).open()
    last = old.say("hello")
    assert await old.store.flush()
    new = await Owner(bytes_redis, old.hall.room.room_id, 4).open()
    assert new.hall.room.epoch == old.hall.room.epoch
    assert b"hello" in new.texts[0]
    assert new.hall.room.offset > first_offset(4) > last


async def test_what_an_old_owner_says_late_never_lands_and_it_learns_that_the_room_is_gone(
    redis: "Redis", bytes_redis: "Redis"
) -> None:
    """The control beside it: an id that Redis makes lands behind the new owner's back."""
    old = await Owner(bytes_redis, uuid4(), 3).open()
    old.say("in time")
    assert await old.store.flush()
    room = old.hall.room.room_id
    new = await Owner(bytes_redis, room, 4).open()
    old.say("late")
    assert await old.store.flush()
    assert old.lost == [room]
    new.say("after")
    assert await new.store.flush()
    assert await said(redis, room) == ["in time", "after"]
    assert new.lost == []
    await redis.xadd(lane_key(room), {"chat": "x", "frame": '{"text":"late"}'})
    assert (await said(redis, room))[-1] == "late"


async def test_an_owner_that_was_overtaken_before_it_opened_the_room_is_told_so(bytes_redis: "Redis") -> None:
    new = await Owner(bytes_redis, uuid4(), 4).open()
    assert await new.store.flush()
    with pytest.raises(Overtaken):
        await Owner(bytes_redis, new.hall.room.room_id, 3).open()


async def test_a_room_that_its_owner_opens_again_goes_on_above_what_it_had_told(bytes_redis: "Redis") -> None:
    """Even where Redis has not taken it."""
    owner = await Owner(bytes_redis, uuid4(), 3).open()
    owner.say("written")
    assert await owner.store.flush()
    lost = owner.say("not written")
    owner.store.closed(owner.hall)
    past = await owner.store.past(owner.hall.room.room_id, 3)
    assert past.reached >= lost
    assert past.roster


async def test_a_stream_that_is_gone_begins_anew_under_another_epoch(redis: "Redis", bytes_redis: "Redis") -> None:
    owner = await Owner(bytes_redis, uuid4(), 3).open()
    owner.say("before")
    assert await owner.store.flush()
    epoch, room = owner.hall.room.epoch, owner.hall.room.room_id
    await redis.flushall()
    owner.say("lost with it")
    await owner.store.flush()
    assert owner.hall.room.epoch != epoch
    owner.say("after")
    assert await owner.store.flush()
    assert await said(redis, room) == ["after"]
    new = await Owner(bytes_redis, room, 4).open()
    assert new.hall.room.epoch == owner.hall.room.epoch
    assert owner.store.restarts == 1


async def test_a_stream_that_no_room_has_written_is_a_new_epoch(redis: "Redis", bytes_redis: "Redis") -> None:
    """People in slots that there are not would be laid out beyond the end of a frame."""
    owner = await Owner(bytes_redis, uuid4(), 3).open()
    owner.say("before")
    assert await owner.store.flush()
    people = [Person(ANN, uuid4(), 65_536, 1, 1)]
    key, forged = lane_key(owner.hall.room.room_id), packed(Checkpoint(owner.hall.room.epoch, 65_537, people))
    await bytes_redis.xadd(key, {"at": 1, "checkpoint": forged}, id="3-9999")
    new = await Owner(bytes_redis, owner.hall.room.room_id, 4).open()
    assert new.hall.room.epoch != owner.hall.room.epoch
    assert new.texts == []


async def test_whoever_is_about_to_resume_finds_out_too(redis: "Redis", bytes_redis: "Redis") -> None:
    owner = await Owner(bytes_redis, uuid4(), 3).open()
    await owner.store.flush()
    epoch = owner.hall.room.epoch
    await owner.store.look(owner.hall.room.room_id)
    assert owner.hall.room.epoch == epoch
    await redis.flushall()
    await owner.store.look(owner.hall.room.room_id)
    assert owner.hall.room.epoch != epoch


async def test_a_batch_of_which_nobody_knows_how_far_it_got_is_written_once(
    redis: "Redis", bytes_redis: "Redis"
) -> None:
    """Redis stops answering, having taken some of it."""
    owner = await Owner(bytes_redis, uuid4(), 3).open()
    owner.say("one")
    assert await owner.store.flush()
    owner.say("two")
    owner.say("three")
    await redis.client_pause(800, all=False)
    assert not await owner.store.flush()
    await redis.client_unpause()
    first = owner.hall.lane.unwritten[0]
    if await said(redis, owner.hall.room.room_id) == ["one"]:
        seq = f"3-{first.offset - first_offset(3)}"
        await redis.xadd(lane_key(owner.hall.room.room_id), {"chat": "x", "frame": '{"text":"two"}'}, id=seq)
    await until(owner.store.flush)
    assert await said(redis, owner.hall.room.room_id) == ["one", "two", "three"]
    assert owner.lost == []


async def test_a_word_taken_back_goes_from_redis(redis: "Redis", bytes_redis: "Redis") -> None:
    owner = await Owner(bytes_redis, uuid4(), 3).open()
    for text in ("stays", "goes"):
        owner.say(text)
    assert await owner.store.flush()
    (*_, entry) = owner.hall.lane.entries()
    owner.hall.redact(entry)
    assert await owner.store.flush()
    assert await said(redis, owner.hall.room.room_id) == ["stays"]
    new = await Owner(bytes_redis, owner.hall.room.room_id, 4).open()
    assert new.hall.room.epoch == owner.hall.room.epoch, "and the rest is whole"


async def test_words_of_the_erased_go_from_rooms_that_nobody_has(redis: "Redis", bytes_redis: "Redis") -> None:
    owner, canary = await Owner(bytes_redis, uuid4(), 3).open(), uuid4()
    owner.say("canary", canary)
    owner.say("hello")
    assert await owner.store.flush()
    room = owner.hall.room.room_id
    assert await Words(bytes_redis, 600).erase(room, canary) == 1
    assert await said(redis, room) == ["hello"]
    new = await Owner(bytes_redis, room, 4).open()
    assert new.hall.room.epoch == owner.hall.room.epoch


async def test_while_redis_is_away_no_more_waits_for_it_than_is_kept(bytes_redis: "Redis") -> None:
    """The next owner finds no gap: nothing counts for it that was told before the newest checkpoint."""
    owner = await Owner(bytes_redis, uuid4(), 3).open()
    known = owner.say("before")
    assert await owner.store.flush()
    for number in range(2 * KEPT):
        last = owner.say(str(number))
        assert len(owner.hall.lane.unwritten) <= KEPT + MARK_EVERY
    while owner.hall.lane.unwritten:
        assert await owner.store.flush()
    new = await Owner(bytes_redis, owner.hall.room.room_id, 4).open()
    assert new.hall.room.epoch == owner.hall.room.epoch
    assert str(2 * KEPT - 1).encode() in new.texts[-1]
    assert len(new.hall.lane.since(last) or []) == 1, "its own checkpoint"
    assert new.hall.lane.since(known) is None
