"""Rooms of a node between two frames: what is told is in order, and nobody falls between two steps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import orjson

from services.rooms.realtime.codes import Code
from services.rooms.realtime.crowd import Crowd
from services.rooms.realtime.crowd import Limits as CrowdLimits
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.frames import HEADROOM
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.limits import Limits
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.node import Node
from services.rooms.realtime.presence import Presence
from services.rooms.realtime.room import Guest, Member, Room
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.slots import Slots
from services.rooms.realtime.watch import Watch
from tests.rooms.house import House
from tests.rooms.realtime.bar import now


class Ear:
    """A socket as far as a hall looks at it; a full one is lost with the next word."""

    def __init__(self, halls: Halls) -> None:
        self.id, self.halls, self.heard, self.full = uuid4().hex, halls, list[dict[str, Any]](), False
        self.member: Member | None = None

    def seat(self, member: Member, _: Room) -> None:
        self.member = member

    def tell(self, frame: bytearray) -> None:
        self.heard.append(orjson.loads(frame[HEADROOM:]))
        if self.full:
            self.close(Code.TOO_SLOW, "too slow")

    def close(self, _: Code, __: str) -> None:
        self.halls.lost(self)  # type: ignore[arg-type]


def test_who_is_lost_while_the_room_is_told_of_their_return_is_away_for_everybody() -> None:
    halls = Halls(Presence(None, NodeSettings()))  # type: ignore[arg-type]
    hall = Hall(Room(UUID(int=1), 1, "e", FLOORS["lounge"], Pace(), Slots()), 0.0)
    halls.open(hall)
    slow, ann = Ear(halls), Ear(halls)
    for ear in (slow, ann):
        member = halls.admit(hall, Guest(uuid4(), uuid4(), uuid4(), now(), "web"), now=0)
        halls.seat(hall, member, ear, now=0)  # type: ignore[arg-type]
    assert slow.member
    halls.hide(hall, slow.member)
    slow.full = True
    halls.back(slow, now=1)  # type: ignore[arg-type]
    assert [frame["t"] for frame in ann.heard[-3:]] == ["away", "back", "away"]
    assert [frame["offset"] for frame in ann.heard] == sorted(frame["offset"] for frame in ann.heard)


@asynccontextmanager
async def watching(house: House, crowd: Crowd) -> AsyncIterator[tuple[Node, Watch]]:
    """A node with a lease and without a port."""
    settings = NodeSettings(database_url=house.urls.runtime, keys_url=house.urls.keys)
    halls = Halls(Presence(None, settings))  # type: ignore[arg-type]
    lease, limits = Lease(house.door, settings, lambda: 0.0, lambda *_: None), Limits(None, {})  # type: ignore[arg-type]
    node = Node(house.door, halls, lease, limits, None, None, settings)  # type: ignore[arg-type]
    await lease.take("ws://127.0.0.1:1")
    yield node, Watch(node, crowd, limits, settings)
    await node.errands.finish(within=10)


class Silent:
    """A connection without a hello, accepted before the node fell asleep."""

    def __init__(self, since: float) -> None:
        self.address, self.since, self.turned_away = "here", since, False

    def turn_away(self) -> None:
        self.turned_away = True


async def test_a_hello_that_waited_while_the_node_slept_is_still_read(live_house: House) -> None:
    crowd, slept = Crowd(CrowdLimits(9, 9, 9, 9)), 10.0
    async with watching(live_house, crowd) as (_, watch):
        guest = Silent(since=monotonic() - slept)
        crowd.enter(guest)
        watch.look(monotonic(), passed=slept)
        assert not guest.turned_away  # its frames are read before the next look,
        watch.look(monotonic(), passed=0.25)
        assert guest.turned_away  # or there were none


async def test_a_room_is_given_up_in_the_moment_it_is_found_empty(live_house: House) -> None:
    """Else somebody whose hello is just being answered would come in before the lights go out, and sit in the dark."""
    async with watching(live_house, Crowd(CrowdLimits(1, 1, 1, 1))) as (node, watch):
        halls, long_ago = node.halls, monotonic() - NodeSettings.model_fields["empty_seconds"].default
        hall = Hall(Room(uuid4(), 1, "e", FLOORS["lounge"], Pace(), Slots()), opened=long_ago)
        halls.open(hall)
        watch.look(monotonic(), passed=0.1)
        guest = Guest(uuid4(), uuid4(), uuid4(), now(), "web")
        if came_in := halls.by_room.get(hall.room.room_id) is hall:  # as Greeter asks
            halls.admit(hall, guest, monotonic())
        await node.errands.finish(within=10)
        assert (halls.find(guest.visit) is not None) == came_in
