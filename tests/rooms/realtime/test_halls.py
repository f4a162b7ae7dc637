"""What everybody is told comes to each in order, whoever falls out of the room while it is being said."""

from typing import Any
from uuid import UUID, uuid4

import orjson

from services.rooms.realtime.codes import Code
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.frames import HEADROOM
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.presence import Presence
from services.rooms.realtime.room import Guest, Member, Room
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.slots import Slots
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
