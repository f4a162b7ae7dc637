"""A node hears of a report and finds it on its list as well: it is sealed once all the same."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from libs.evidence.shelf import Shelf
from services.rooms.evidence.sealings import WANT
from services.rooms.realtime.errands import Errands, ended
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.presence import Presence
from services.rooms.realtime.room import Guest, Room
from services.rooms.realtime.sealer import Sealer
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.slots import Slots
from services.rooms.realtime.witness import Witness
from tests.rooms.house import House
from tests.rooms.people import NINE
from tests.rooms.realtime.bar import now
from tests.rooms.realtime.sealing import Case
from tests.waiting import until


class Slow(Shelf):
    """Takes nothing before it may. `asked`: how often, by report."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.may = asyncio.Event()
        self.asked: Counter[UUID] = Counter()

    async def put(self, report_id: UUID, sha256: str, sealed: bytes) -> bool:
        self.asked[report_id] += 1
        await self.may.wait()
        return await super().put(report_id, sha256, sealed)


@pytest.fixture
async def bytes_redis(redis: "Redis", redis_server: RedisServer) -> "AsyncIterator[Redis]":
    async with Redis.from_url(redis_server.url("rooms")) as client:
        yield client


async def test_a_report_that_waits_for_its_turn_is_not_taken_from_the_list_besides(
    house: House, bytes_redis: "Redis", tmp_path: Path
) -> None:
    settings = NodeSettings(database_url=house.urls.runtime, keys_url=house.urls.keys, node_lease_seconds=600.0)
    halls, errands, shelf = Halls(Presence(None, settings)), Errands(), Slow(f"file://{tmp_path}")  # type: ignore[arg-type]
    lease = Lease(house.door, settings, lambda: 0.0, lambda *_: None)
    witness = Witness(bytes_redis, 600.0, 1.0)
    await lease.take("ws://127.0.0.1:1")
    room, bob = await house.room(), uuid4()
    await house.hold(bob, room)
    owned = await house.door.claim(room, lease.node_id, lease.incarnation)
    hall = Hall(Room(room, owned.fence, "e", FLOORS["lounge"], Pace(), Slots()), monotonic())
    halls.open(hall)
    halls.admit(hall, Guest(bob, uuid4(), uuid4(), NINE, "web"), monotonic())
    sealer = Sealer(house.door, halls, witness, shelf, bytes_redis, lease, errands, seconds=120.0, every=0.01)

    async def listed(case: Case) -> None:
        await house.pool.execute(WANT, case.id, room, bob, case.event.evidence_key, now())

    cases, last = [Case(bob, room) for _ in range(5)], Case(bob, room)
    for case in cases:
        await sealer.hear(case.envelope())
        await listed(case)
    looking = asyncio.create_task(sealer.run())
    try:
        taken = "select count(*) = 5 from sealings where taken_until is not null"
        await until(lambda: house.pool.fetchval(taken), what="the list is looked at while none is sealed")
        shelf.may.set()
        await listed(last)  # what nobody has heard of is done when all that was on the list before is
        await until(lambda: shelf.asked[last.id])
        await until(lambda: house.pool.fetchval("select not exists (select from sealings)"))
    finally:
        await errands.finish(within=10)
        await ended([looking])
    assert shelf.asked == Counter([case.id for case in (*cases, last)])
