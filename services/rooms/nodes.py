"""Realtime nodes: their leases, the rooms they own, and the signs of life they report."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from libs.contracts.vocabulary import Region
from libs.eventstore.db import Pool
from services.rooms.belongings import EMOTES
from services.rooms.guests import VERSION
from services.rooms.node_door import NodeReplaced, NotOwner
from services.rooms.ports import Owned, Seat

# Postgres's clock alone decides who is alive.
REGISTER = """
insert into nodes (node_id, incarnation, url, region, load, accepting, lease_until)
values ($1, 1, $2, $3, 0, true, clock_timestamp() + $4::interval)
on conflict (node_id) do update set incarnation = nodes.incarnation + 1, url = excluded.url, region = excluded.region,
  load = 0, accepting = true, lease_until = excluded.lease_until
returning incarnation
"""
RENEW = """
update nodes set lease_until = clock_timestamp() + $5::interval, load = $3, accepting = $4
where node_id = $1 and incarnation = $2 returning true
"""
RETIRE = "update nodes set lease_until = clock_timestamp(), accepting = false where node_id = $1 and incarnation = $2"
OWNED = """
select room_id, fence, theme, capacity, created_by, is_open from room_guards
where owner_node = $1 and owner_incarnation = $2 and ($3::uuid is null or room_id = $3)
"""
GIVE_UP = """
update room_guards set owner_node = null, owner_incarnation = null
where room_id = $1 and owner_node = $2 and fence = $3
"""
SEATED = f"""
select s.visit_id, s.user_id, s.session_id, s.issued_at, s.device_type, coalesce(s.last_heartbeat, s.joined_at),
  s.held_at, s.moderator, {VERSION}, {EMOTES} from seats s
where s.room_id = $1 and s.state = 'seated' order by s.joined_at, s.user_id
"""  # noqa: S608 - names of our own
# Locked in one order, so that the beats of two nodes cannot wait for each other.
BEAT = """
with heard as (
  select b.visit_id, b.at from unnest($3::uuid[], $4::timestamptz[]) as b (visit_id, at)
), ours as (
  select s.user_id, h.at from heard h
  join seats s on s.visit_id = h.visit_id and s.state = 'seated'
  join room_guards g on g.room_id = s.room_id and g.owner_node = $1 and g.owner_incarnation = $2
  order by s.user_id for update of s
)
update seats s set last_heartbeat = greatest(s.last_heartbeat, ours.at) from ours where s.user_id = ours.user_id
returning s.visit_id
"""


class Nodes:
    """See NodeDoor for each method; `lease` is how long a node lives without renewing.

    The lease has `lifeline` to itself: a crowd that keeps every connection of `pool` waiting must not cost it.
    """

    def __init__(self, pool: Pool, lifeline: Pool, lease: timedelta) -> None:
        self._pool = pool
        self._lifeline = lifeline
        self._lease = lease

    async def register(self, node_id: str, url: str, region: Region) -> int:
        incarnation: int = await self._lifeline.fetchval(REGISTER, node_id, url, region, self._lease)
        return incarnation

    async def renew_node(self, node_id: str, incarnation: int, load: float, *, accepting: bool = True) -> None:
        if not await self._lifeline.fetchval(RENEW, node_id, incarnation, load, accepting, self._lease):
            raise NodeReplaced

    async def retire(self, node_id: str, incarnation: int) -> None:
        await self._lifeline.execute(RETIRE, node_id, incarnation)

    async def owned_rooms(self, node_id: str, incarnation: int) -> Sequence[Owned]:
        return [Owned(*row) for row in await self._lifeline.fetch(OWNED, node_id, incarnation, None)]

    async def claim(self, room_id: UUID, node_id: str, incarnation: int) -> Owned:
        row = await self._pool.fetchrow(OWNED, node_id, incarnation, room_id)
        if row is None:
            raise NotOwner
        return Owned(*row)

    async def give_up(self, room_id: UUID, node_id: str, fence: int) -> None:
        await self._pool.execute(GIVE_UP, room_id, node_id, fence)

    async def seats(self, room_id: UUID) -> Sequence[Seat]:
        return [Seat(*row) for row in await self._pool.fetch(SEATED, room_id)]

    async def beat(self, node_id: str, incarnation: int, seen: Mapping[UUID, datetime]) -> frozenset[UUID]:
        rows = await self._pool.fetch(BEAT, node_id, incarnation, list(seen), list(seen.values()))
        return frozenset(seen) - {row["visit_id"] for row in rows}
