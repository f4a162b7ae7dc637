"""What a room is shown of the world outside: new, once, and to those who may see it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from clients.python.events import Gifted, RoomUpdated, read
from libs.contracts.inventory import ItemGift
from libs.contracts.rooms import RoomUpdate
from services.rooms.realtime.frames import HEADROOM
from services.rooms.realtime.tidings import Tidings
from tests.rooms.people import NINE, after
from tests.rooms.realtime.views import ROOM, Floor, View, block, unblock
from tests.rooms.safety import told

ANN, BOB, CAT, DAN = (UUID(int=n) for n in (1, 2, 3, 4))
GIFT = ItemGift(user_id=ANN, to_user_id=BOB, item_id=UUID(int=7), sku="drink-espresso", type="drink")


class Shown(View):
    def __init__(self, user: UUID) -> None:
        super().__init__(user)
        self.events: list[Any] = []

    def tell(self, frame: bytearray) -> None:
        super().tell(frame)
        self.events.append(read(bytes(frame[HEADROOM:])))

    def gifts(self) -> list[tuple[UUID, UUID, str]]:
        return [(event.giver, event.to, event.sku) for event in self.events if isinstance(event, Gifted)]


def floor_with(*users: UUID) -> tuple[Floor, dict[UUID, Shown]]:
    floor = Floor()
    views = {}
    for user in users:
        floor.come(user)
        views[user] = floor.hall.sockets[user] = Shown(user)  # type: ignore[assignment]
        views[user].seat(floor.room.members[user], floor.room)
    return floor, views


def test_a_gift_is_shown_once_in_the_room_both_are_in() -> None:
    floor, views = floor_with(ANN, BOB, CAT)
    tidings = Tidings(floor.halls, lambda: NINE)
    said = told(GIFT)
    for _ in range(2):
        tidings.tell(GIFT, said)
    for view in views.values():
        assert view.gifts() == [(ANN, BOB, "drink-espresso")]
    tidings.tell(GIFT, told(GIFT))
    assert len(views[CAT].gifts()) == 2, "another one is another event"


def test_an_old_gift_or_one_to_somebody_elsewhere_is_nobodys_to_see() -> None:
    floor, views = floor_with(ANN, CAT)
    tidings = Tidings(floor.halls, lambda: after(31))
    tidings.tell(GIFT, told(GIFT, at=after(30)))
    floor.come(BOB)
    tidings.tell(GIFT, told(GIFT, at=NINE))
    assert [view.gifts() for view in views.values()] == [[], []]


def test_a_gift_is_hidden_from_whoever_does_not_see_one_of_the_two() -> None:
    floor, views = floor_with(ANN, BOB, CAT, DAN)
    tidings = Tidings(floor.halls, lambda: NINE)
    floor.hear(block(CAT, BOB))
    floor.hear(block(ANN, DAN))
    tidings.tell(GIFT, told(GIFT))
    assert [user for user, view in views.items() if view.gifts()] == [ANN, BOB]
    floor.hear(block(BOB, ANN))
    tidings.tell(GIFT, told(GIFT))
    floor.hear(unblock(BOB, ANN))
    assert len(views[BOB].gifts()) == len(views[ANN].gifts()) == 1


def test_a_change_of_the_room_is_told_to_its_people() -> None:
    floor, views = floor_with(ANN)
    tidings = Tidings(floor.halls, lambda: NINE + timedelta(seconds=1))
    facts: dict[str, Any] = {"theme": "lounge", "is_private": False, "capacity": 9, "region": "eu", "created_by": BOB}
    for room in (ROOM, UUID(int=999)):
        locked = RoomUpdate(room_id=room, is_locked=True, **facts)
        tidings.tell(locked, told(locked))
    (event,) = [each for each in views[ANN].events if isinstance(each, RoomUpdated)]
    assert event.room.is_locked
    assert event.room.id == ROOM
