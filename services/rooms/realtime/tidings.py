"""What the people of a room are shown of the world outside: a gift between two of them, a change of the room itself.

Topics are read from a while ago, and a relay may say a thing twice: what is old, or was shown, is not shown again.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from libs.contracts.inventory import ItemGift
from libs.contracts.rooms import RoomUpdate
from libs.safety.surface import Surface
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.messages import RoomNow

FRESH: Final = timedelta(seconds=30)
REMEMBERED: Final = 10_000  # events


def _now() -> datetime:
    return datetime.now(UTC)


class Tidings:
    def __init__(self, halls: Halls, clock: Callable[[], datetime] = _now) -> None:
        self._halls = halls
        self._clock = clock
        self._told: OrderedDict[UUID, None] = OrderedDict()

    def tell(self, event: RoomUpdate | ItemGift, envelope: Envelope) -> None:
        if not self._is_news(envelope):
            return
        match event:
            case ItemGift(user_id=giver, to_user_id=to, sku=sku):
                self._gift(giver, to, sku)
            case RoomUpdate(room_id=room) if hall := self._halls.by_room.get(room):
                now = RoomNow(room, event.theme, event.region, event.capacity, event.is_private, event.is_locked)
                hall.tell(hall.room.changed(now))

    def _gift(self, giver: UUID, to: UUID, sku: str) -> None:
        """In the room they share; nobody is shown a gift by or for somebody they do not see."""
        for hall, _ in self._halls.of_user(giver):
            if to in hall.room.members and hall.veil.reaches(giver, to, Surface.GIFT):
                hall.tell(hall.room.gift(giver, to, sku), Surface.GIFT, giver, to)

    def _is_news(self, envelope: Envelope) -> bool:
        if self._clock() - envelope.time > FRESH or envelope.id in self._told:
            return False
        self._told[envelope.id] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return True
