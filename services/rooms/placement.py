"""Which node has a room. An owner keeps it as long as its lease lasts; then the least loaded live node gets it."""

from dataclasses import dataclass
from uuid import UUID

from libs.eventstore.db import Db
from services.rooms.guards import Guard

# Asked anew under the lock: the guard's own statement may have waited for it while the lease was renewed.
STILL_THERE = """
select n.url from room_guards g join nodes n on n.node_id = g.owner_node and n.incarnation = g.owner_incarnation
where g.room_id = $1 and n.lease_until > clock_timestamp()
"""
# The load is raised a little, so that rooms opened before its next report go elsewhere.
PLACE = """
with node as (
  update nodes set load = load + 0.01 where node_id = (
    select node_id from nodes where region = $2 and accepting and lease_until > clock_timestamp()
    order by load, node_id limit 1)
  returning node_id, incarnation, url
)
update room_guards set owner_node = node.node_id, owner_incarnation = node.incarnation, fence = fence + 1
from node where room_id = $1 returning owner_node, fence, url
"""


class NoNode(Exception):
    """No realtime node is up in the room's region."""


@dataclass(frozen=True, slots=True)
class Place:
    """The node to connect to, and the fence under which it has the room."""

    node_id: str
    fence: int
    ws_url: str


async def place(db: Db, guard: Guard) -> Place:
    """The room's owner, found anew where it has none. The guard is locked. Raises NoNode."""
    room_id = guard.room.room_id
    url = guard.owner_url or await db.fetchval(STILL_THERE, room_id)
    if url and guard.owner_node:
        return _at(guard.owner_node, guard.fence, url, room_id)
    row = await db.fetchrow(PLACE, room_id, guard.room.region)
    if row is None:
        raise NoNode
    return _at(row["owner_node"], row["fence"], row["url"], room_id)


def _at(node_id: str, fence: int, url: str, room_id: UUID) -> Place:
    return Place(node_id, fence, f"{url}/v1/rt/{node_id}/{room_id}")
