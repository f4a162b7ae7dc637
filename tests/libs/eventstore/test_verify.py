"""Every planted disagreement between a stream's row and its events is named."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from libs.eventstore.decider import Decider
from libs.eventstore.verify import stream_faults
from tests.libs.eventstore.house import House
from tests.libs.eventstore.seats import CATALOGUE, NOON, SEAT, Leave, Polish, Take, seat_of

ANN, BOB = uuid4(), uuid4()


@pytest.fixture(autouse=True)
async def an_evening(house: House) -> None:
    for command in (Polish(ANN), Take(ANN, ANN), Leave(ANN)):
        await house.store().execute(SEAT, seat_of(ANN), command, at=NOON)
    await house.store().execute(SEAT, seat_of(BOB), Take(BOB, ANN), at=NOON)


async def faults(house: House, deciders: Mapping[str, Decider[Any, Any]] | None = None) -> dict[str, str]:
    async with house.session(house.owner) as db:
        return {f.stream_id: f.reason async for f in stream_faults(db, deciders or {"seat": SEAT}, CATALOGUE)}


async def test_what_the_store_wrote_is_without_fault(house: House) -> None:
    assert await faults(house) == {}


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("""update streams set state = '{"polished": 2}'""", "the state is not the fold"),
        ("update streams set state = '7'", "the state cannot be read"),
        ("update streams set version = version + 1", "3 events do not number from 1 to 4"),
        ("delete from events where version = 1", "2 events do not number from 1 to 3"),
        ("delete from events where version = 3", "2 events do not number from 1 to 3"),
        ("delete from events", "a stream row without events"),
        ("delete from streams", "events without a stream row"),
        (
            "update events set subject = gen_random_uuid() where version = 2",
            "version 2 (seat_take) is about somebody else than its row says",
        ),
        ("update events set data = '{}' where version = 2", "version 2 (seat_take) cannot be read: ValidationError"),
        ("update events set name = 'seat_sold' where version = 2", "version 2 (seat_sold) cannot be read: KeyError"),
        ("update events set schema_version = 9 where version = 2", "version 2 (seat_take) cannot be read: LookupError"),
        ("update events set pos = default where version = 1", "its events are in another order in the log"),
        ("update streams set kind = 'stool'", "nobody decides streams of kind stool"),
    ],
)
async def test_a_planted_fault_is_named(house: House, damage: str, reason: str) -> None:
    async with house.session(house.admin) as admin:
        await admin.execute(f"{damage} {'and' if 'where' in damage else 'where'} stream_id = $1", seat_of(ANN))
    assert await faults(house) == {seat_of(ANN): reason}


async def test_a_state_of_another_schema_is_no_fault(house: House) -> None:
    assert await faults(house, {"seat": replace(SEAT, state_schema=2)}) == {}
