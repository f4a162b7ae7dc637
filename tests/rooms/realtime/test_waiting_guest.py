"""The reference client before a full room: it stands in the line as long as it is told to, and comes in at its turn."""

import asyncio
from uuid import UUID

import pytest

from clients.python import Refused
from tests.rooms.people import ANN, BOB
from tests.rooms.realtime.bar import Bar
from tests.waiting import until

CAT, DAN = UUID(int=3), UUID(int=4)


async def waiting(bar: Bar, room: UUID) -> int:
    counted: int = await bar.house.pool.fetchval("select count(*) from waiting where room_id = $1", room)
    return counted


async def test_whoever_waits_comes_in_when_somebody_leaves_and_before_those_who_came_later(bar: Bar) -> None:
    room = await bar.house.room(capacity=2)
    ann, _ = await bar.join(room, ANN), await bar.join(room, BOB)
    cat = asyncio.create_task(bar.join(room, CAT, wait=30))
    await until(lambda: waiting(bar, room))
    with pytest.raises(Refused) as no:
        await bar.join(room, DAN)
    assert (no.value.slug, no.value.place) == ("room_full", 2)
    await ann.leave()
    visit = await cat
    assert (await visit.chat("at last")).offset
    assert await bar.house.occupied(room) == 2


async def test_nobody_waits_longer_than_they_said(bar: Bar) -> None:
    room = await bar.house.room(capacity=2)
    for user in (ANN, BOB):
        await bar.join(room, user)
    with pytest.raises(Refused) as no:
        await bar.join(room, CAT, wait=0.5)
    assert no.value.place == 1
