"""Seconds of voice and of nights, as the tables and the log have them: the same from a replay, whatever ended them."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from libs.contracts.catalogue import EVENTS
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from libs.eventstore.verify import stream_faults
from services.rooms.deciders import DECIDERS
from services.rooms.deciders.visitor import VISITOR, EndNight, Leave, decide, visitor_stream
from services.rooms.node_door import NotOwner
from services.rooms.projections import ROOMS
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, after


@pytest.fixture
async def owner(house: House) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    db = await asyncpg.connect(house.urls.owner, server_settings={"search_path": "rooms"})
    try:
        yield db
    finally:
        await db.close()


async def told(house: House, user: Any, name: str) -> list[int]:
    rows = await house.pool.fetch(
        "select data from events where stream_id = $1 and name = $2 order by pos", visitor_stream(user), name
    )
    return [row["data"]["seconds"] for row in rows]


async def test_a_node_that_dies_costs_no_seconds_but_those_since_its_last_word(house: House) -> None:
    await house.node()
    room = await house.room()
    ann, bob = await house.seat(ANN, room), await house.seat(BOB, room)
    await house.door.speak(ann.visit_id, room, after(5), publishing=True, fence=1)
    await house.door.speak(bob.visit_id, room, after(5), publishing=True, fence=1)
    await house.door.beat("node-1", house.nodes["node-1"], {ann.visit_id: after(15), bob.visit_id: after(20)})
    # the node dies; Bob is back by a new ticket, Ann never
    again = await house.rooms.visits.ticket(BOB, BOB, room, after(40))
    await house.enter(again, room, after(40))
    house.now = after(100)
    sweeper = house.sweeper()
    house.now = after(120)
    await sweeper.sweep()
    await sweeper.sweep()
    assert await told(house, ANN, "voice_active_seconds") == [10]
    assert ("room_leave", "expired") in await house.story(ANN)
    await house.rooms.visits.leave(bob.visit_id, "left", after(130))
    assert await told(house, BOB, "voice_active_seconds") == [15]


async def test_an_owner_before_writes_nothing_and_a_visit_that_is_over_has_no_voice(house: House) -> None:
    await house.node()
    room = await house.room()
    ann = await house.seat(ANN, room)
    with pytest.raises(NotOwner):
        await house.door.speak(ann.visit_id, room, after(1), publishing=True, fence=0)
    await house.rooms.visits.leave_room(ANN, room, after(2))
    await house.door.speak(ann.visit_id, room, after(3), publishing=True, fence=1)
    assert await told(house, ANN, "voice_active_seconds") == []


async def test_a_night_and_its_voices_are_the_same_from_the_log(
    house: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    """Two rooms within the gap are one night, a third one after it another; microphones open in all of them."""
    await house.node()
    lounge, dance = await house.room(), await house.room(theme="dance")
    for room, start in ((lounge, 0), (dance, 80), (lounge, 300)):
        entered = await house.seat(ANN, room, after(start))
        await house.door.speak(entered.visit_id, room, after(start + 1), publishing=True, fence=1)
        await house.door.speak(entered.visit_id, room, after(start + 5), publishing=False, fence=1)
        await house.rooms.visits.leave(entered.visit_id, "left", after(start + 30))
    house.now = after(400)
    await house.sweeper().sweep()
    assert await told(house, ANN, "session_duration") == [110, 30]
    assert await told(house, ANN, "voice_active_seconds") == [4, 4, 4]
    assert [fault async for fault in stream_faults(owner, DECIDERS)] == []
    assert (await Rebuild(owner, Reader(house.cipher, EVENTS), [ROOMS]).compare()).differences == []
    await _decided_again(house)


async def _decided_again(house: House) -> None:
    """Whoever replays the log up to a leave, and decides as then, comes to the seconds that stand behind it."""
    rows = await house.pool.fetch(
        "select name, schema_version, data from events where stream_id = $1 order by version", visitor_stream(ANN)
    )
    story = [EVENTS[row["name"]].read(row["data"], row["schema_version"]) for row in rows]
    checked = 0
    for n, event in enumerate(story):
        before = VISITOR.fold(story[:n])
        if event.NAME == "voice_active_seconds":
            leave = next(each for each in story[n:] if each.NAME == "room_leave")
            command: Any = Leave(leave.visit_id, leave.reason, leave.left_at)  # type: ignore[attr-defined]
        elif event.NAME == "session_duration":
            command = EndNight(after(100_000), house.settings.night_gap)
        else:
            continue
        assert decide(before, command)[0] == event
        checked += 1
    assert checked == 5
