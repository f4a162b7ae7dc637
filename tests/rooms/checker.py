"""The offline checker of rooms: what the log says, position by position, against what may never be.

Reads nothing but `(name, data)` in the log's order. Its controls are in the tests that use it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from libs.eventstore.db import Pool

LOG = "select name, data from events order by pos"
SEATS = "select user_id, visit_id from seats"
OCCUPIED = "select room_id, occupied from room_guards where occupied > 0"
HOLDS, ENDS = "seat_hold", ("seat_release", "room_leave")

Happened = tuple[str, Mapping[str, Any]]


@dataclass
class Verdict:
    """How often what should never happen did; each counter is of positions."""

    over_capacity: int = 0
    second_seats: int = 0
    strange_endings: int = 0  # of a visit that was not there, or a join without its hold
    occupied: Counter[str] = field(default_factory=Counter)
    seats: dict[str, str] = field(default_factory=dict)  # visit by user, held or taken

    @property
    def clean(self) -> bool:
        return not (self.over_capacity or self.second_seats or self.strange_endings)


def verdict(log: Iterable[Happened]) -> Verdict:
    """Over the whole log. A held seat counts; a room made smaller may stay fuller, but takes nobody in."""
    found = Verdict()
    capacity: dict[str, int] = {}
    for name, data in log:
        room, user, visit = (data.get(key) for key in ("room_id", "user_id", "visit_id"))
        if name in ("room_create", "room_update"):
            capacity[str(room)] = data["capacity"]
        elif name == HOLDS:
            found.second_seats += user in found.seats
            found.seats[str(user)] = str(visit)
            found.occupied[str(room)] += 1
            found.over_capacity += found.occupied[str(room)] > capacity[str(room)]
        elif name == "room_join":
            found.strange_endings += found.seats.get(str(user)) != visit
            found.over_capacity += found.occupied[str(room)] > capacity[str(room)]
        elif name in ENDS:
            found.strange_endings += found.seats.pop(str(user), None) != visit
            found.occupied[str(room)] -= 1
            found.strange_endings += found.occupied[str(room)] < 0
    return found


async def checked(pool: Pool) -> Verdict:
    """The log's verdict, the tables saying the same: no seat without an event, no event without a seat.

    Exact at one moment, so it may be asked while the log grows.
    """
    async with pool.acquire() as db, db.transaction(isolation="repeatable_read"):
        found = verdict([(row["name"], row["data"]) for row in await db.fetch(LOG)])
        seats = {str(row["user_id"]): str(row["visit_id"]) for row in await db.fetch(SEATS)}
        occupied = {str(row["room_id"]): row["occupied"] for row in await db.fetch(OCCUPIED)}
    assert seats == found.seats
    assert occupied == +found.occupied
    return found
