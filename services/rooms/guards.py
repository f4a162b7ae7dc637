"""Guard rows: locked, sorted by room, before anything is appended that takes up or frees a seat there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.eventstore.db import Record
from libs.eventstore.store import Unit
from services.rooms.deciders.seat import RoomNow

# The owner's URL is of the statement's snapshot, older than the lock perhaps: null where the lease looks over.
GUARD = """
g.room_id, g.theme, g.region, g.created_by, g.is_private, g.is_open, g.capacity, g.occupied, g.is_locked,
  g.owner_node, g.fence, g.line_until,
  (select n.url from nodes n where n.node_id = g.owner_node and n.incarnation = g.owner_incarnation
     and n.lease_until > clock_timestamp()) as owner_url
"""
LOCK = f"select {GUARD} from room_guards g where room_id = any($1::uuid[]) order by room_id for update"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Guard:
    """A locked room, and who has it. Nobody waits for a seat there later than `line_until`."""

    room: RoomNow
    owner_node: str | None
    fence: int
    owner_url: str | None
    line_until: datetime | None

    def owned_by(self, node_id: str, fence: int) -> bool:
        return (self.owner_node, self.fence) == (node_id, fence)


async def lock(unit: Unit, rooms: Iterable[UUID]) -> Mapping[UUID, Guard]:
    """The guards of those rooms that there are, held until the transaction ends."""
    rows = await unit.guard(LOCK, rooms)
    return {row["room_id"]: guard_of(row) for row in rows}


def guard_of(row: Record) -> Guard:
    """Of a row as LOCK selects it."""
    return Guard(RoomNow(*row[:9]), row["owner_node"], row["fence"], row["owner_url"], row["line_until"])
