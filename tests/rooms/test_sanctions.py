"""What moderation decided, as rooms keeps it: the same whatever order it was heard in, and binding at every door."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import reduce
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.social import BlockUser
from libs.eventstore.heard import receive
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from libs.safety.pairs import pair_stream, place_of
from libs.safety.replica import PAIRS
from services.rooms.consumers import on_sanction_user
from services.rooms.deciders.refusals import RoomBanned
from services.rooms.node_door import Barred
from services.rooms.sanction import Sanction, heard
from services.rooms.sanctions import SANCTIONS, about
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, NINE, after
from tests.rooms.safety import imposed, lifted, told


async def hear(house: House, event: Event, version: int = 1, at: datetime = NINE, now: datetime = NINE) -> None:
    """As rooms' consumer does: the replica, then the command, in one transaction."""
    envelope = told(event, version, at)

    async def work(unit: Any) -> None:
        if await receive(unit.db, envelope):
            await SANCTIONS.apply(unit.db, envelope)
            await on_sanction_user(unit, envelope)

    await house.store.run(work, at=now)


# Any order, any number of times

HOUSE_BAN = imposed("ban", sanction_id=UUID(int=51), until=after(60))
AGAIN = imposed("ban", sanction_id=UUID(int=51))
ROOM_BAN = imposed("room_ban", BOB, sanction_id=UUID(int=52), room_id=UUID(int=101))
STORY = [
    told(HOUSE_BAN, 1), told(lifted(HOUSE_BAN), 2), told(ROOM_BAN, 1), told(AGAIN, 3), told(lifted(ROOM_BAN), 2),
]  # fmt: skip


def folded(envelopes: Sequence[Envelope]) -> dict[UUID, Sanction]:
    known: dict[UUID, Sanction] = {}
    for each in envelopes:
        sanction = heard(each.event(), place_of(each), each.time)
        assert sanction
        before = known.get(sanction.sanction_id)
        known[sanction.sanction_id] = before.merged(sanction) if before else sanction
    return known


@given(st.permutations(STORY), st.lists(st.sampled_from(STORY)))
def test_the_fold_is_the_same_in_every_order_and_however_often_it_is_heard(
    order: list[Envelope], again: list[Envelope]
) -> None:
    assert folded([*order, *again]) == folded([*again, *order]) == folded(STORY)


@given(st.lists(st.sampled_from(STORY), min_size=1), st.lists(st.sampled_from(STORY), min_size=1))
def test_what_two_have_heard_apart_they_know_together(mine: list[Envelope], yours: list[Envelope]) -> None:
    """A node's own listening and the replica it is seeded from."""
    apart = [folded(mine), folded(yours)]
    both = {
        sanction: reduce(Sanction.merged, [known[sanction] for known in apart if sanction in known])
        for sanction in apart[0].keys() | apart[1].keys()
    }
    assert both == folded([*mine, *yours])


async def test_the_replica_is_the_fold_and_rebuild_agrees(house: House) -> None:
    dice = random.Random(7)
    for _ in range(30):
        order = [*STORY, *dice.choices(STORY, k=3)]
        dice.shuffle(order)
        async with house.pool.acquire() as db, db.transaction():
            await db.execute("delete from sanctions")
            for envelope in order:
                await SANCTIONS.apply(db, envelope)
        assert {each.sanction_id: each for each in await about(house.pool, [ANN, BOB])} == folded(STORY)
    await house.pool.execute("delete from sanctions")
    for event, version in ((lifted(ROOM_BAN), 2), (HOUSE_BAN, 1), (ROOM_BAN, 1)):
        await hear(house, event, version)
    block = told(BlockUser(blocker_user_id=BOB, blocked_user_id=ANN), stream=pair_stream(ANN, BOB))
    async with house.pool.acquire() as db, db.transaction():
        assert await receive(db, block)
        await PAIRS.apply(db, block)
    async with rebuilding(house) as rebuild:
        report = await rebuild.compare()
    assert (report.heard, report.differences) == (4, [])
    await house.pool.execute("delete from pairs")
    await house.pool.execute("update sanctions set until = null, lifted_place = 9")
    async with rebuilding(house) as rebuild:
        spoilt = await rebuild.merge()
    assert {each.table for each in spoilt.differences} == {"sanctions", "pairs"}, "control: what is spoilt is found"


@asynccontextmanager
async def rebuilding(house: House) -> AsyncIterator[Rebuild]:
    """In a session of its own, as the schema's owner."""
    db = await asyncpg.connect(house.urls.owner, server_settings={"search_path": "rooms"})
    try:
        yield Rebuild(db, Reader(house.cipher, EVENTS), [SANCTIONS, PAIRS])
    finally:
        await db.close()


# The doors


async def open_to(house: House, user: UUID, room: UUID, at: datetime = NINE) -> bool:
    try:
        await house.hold(user, room, at)
    except RoomBanned:
        return False
    return True


async def test_a_room_ban_closes_one_room_until_it_is_lifted(house: House) -> None:
    await house.node()
    here, elsewhere = await house.room(), await house.room()
    ban = imposed("room_ban", room_id=here)
    await hear(house, ban)
    assert not await open_to(house, ANN, here)
    assert await open_to(house, ANN, elsewhere)
    assert await open_to(house, BOB, here)
    await hear(house, lifted(ban), 2)
    assert await open_to(house, ANN, here)


@pytest.mark.parametrize("kind", ["suspend", "ban"])
async def test_a_sanction_of_the_house_closes_every_room_until_its_time_is_over(house: House, kind: str) -> None:
    await house.node()
    room = await house.room()
    await hear(house, imposed(kind, until=after(60)))
    assert not await open_to(house, ANN, room, after(59))
    assert await open_to(house, ANN, room, after(60)), "nobody has to say that it is over"


async def test_warnings_mutes_and_what_was_lifted_before_it_was_heard_close_nothing(house: House) -> None:
    await house.node()
    room, ban = await house.room(), imposed("ban")
    for event in (imposed("warn"), imposed("mute"), imposed("kick")):
        await hear(house, event)
    await house.seat(ANN, room)
    await hear(house, lifted(ban), 2)
    await hear(house, ban, 1)
    assert await open_to(house, ANN, room)
    assert (await house.story(ANN))[-1] == ("room_join", None)


async def test_a_visit_ends_with_the_sanction_and_says_how(house: House) -> None:
    await house.node()
    room, other = await house.room(), await house.room()
    people = {kind: uuid4() for kind in ("kick", "room_ban", "suspend", "ban")}
    for user in people.values():
        await house.seat(user, room)
    spared = uuid4()
    await house.seat(spared, other)
    for kind, user in people.items():
        await hear(house, imposed(kind, user, room_id=room if kind == "room_ban" else None), at=after(1), now=after(2))
    await hear(house, imposed("room_ban", spared, room_id=room), at=after(1), now=after(2))
    endings = {kind: (await house.story(user))[-1] for kind, user in people.items()}
    assert endings == {
        "kick": ("room_leave", "kicked"),
        "room_ban": ("room_leave", "kicked"),
        "suspend": ("room_leave", "sanctioned"),
        "ban": ("room_leave", "sanctioned"),
    }
    assert (await house.story(spared))[-1] == ("room_join", None)
    assert await house.occupied(room) == 0


async def test_a_kick_heard_late_ends_no_visit_that_began_since(house: House) -> None:
    await house.node()
    room = await house.room()
    await house.seat(ANN, room, after(10))
    await hear(house, imposed("kick"), at=after(5), now=after(20))
    assert (await house.story(ANN))[-1] == ("room_join", None)


async def test_neither_a_ticket_nor_a_token_from_before_lets_the_banned_in(house: House) -> None:
    """The news lands between the answer of the API and the hello; the control is let in by the same words."""
    await house.node()
    room = await house.room()
    held, seated = await house.hold(ANN, room), await house.seat(BOB, room)
    fence = await house.pool.fetchval("select fence from room_guards where room_id = $1", room)
    for user in (ANN, BOB):
        async with house.pool.acquire() as db:  # the replica alone: the seats are still there
            await SANCTIONS.apply(db, told(imposed("suspend", user)))
    with pytest.raises(Barred) as refused:
        await house.enter(held, room)
    assert refused.value.everywhere
    with pytest.raises(Barred):
        await house.door.resume(seated.resume_token, room, "node-1", fence, after(1))
    with pytest.raises(RoomBanned):
        await house.rooms.visits.ticket(BOB, BOB, room, after(1))
    control = uuid4()
    await house.enter(await house.hold(control, room), room)


async def test_a_seat_taken_in_the_very_moment_of_the_ban_is_swept_away(house: House) -> None:
    await house.node()
    room = await house.room()
    await house.seat(ANN, room)
    await house.seat(BOB, room)
    async with house.pool.acquire() as db:
        await SANCTIONS.apply(db, told(imposed("room_ban", room_id=room)))
        await SANCTIONS.apply(db, told(imposed("ban", BOB, until=after(1))))
    house.now = after(2)
    await house.sweeper().sweep()
    assert (await house.story(ANN))[-1] == ("room_leave", "kicked")
    assert (await house.story(BOB))[-1] == ("room_join", None), "his ban is over"
