"""What rooms' own tables know of people who are about to meet: the seed of what a node goes on hearing for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.eventstore.db import Pool, Record
from libs.safety.pairs import FLAGS, Pair
from services.rooms.sanction import Sanction
from services.rooms.sanctions import about

# Pairs in which anybody ever blocked or muted, also where that is over: its place tells older news from newer.
PAIRS = """
with near as materialized (
  select * from pairs where low = any($1::uuid[])
    and (low_blocks_at > 0 or high_blocks_at > 0 or low_mutes_at > 0 or high_mutes_at > 0)
  union
  select * from pairs where high = any($1::uuid[])
    and (low_blocks_at > 0 or high_blocks_at > 0 or low_mutes_at > 0 or high_mutes_at > 0)
)
select * from near where low = any($2::uuid[]) and high = any($2::uuid[])
"""
# Most people have nothing to do with any of it, and are asked about in one round trip.
WHETHER = """
select exists (select from pairs where low = any($1::uuid[])
    and (low_blocks_at > 0 or high_blocks_at > 0 or low_mutes_at > 0 or high_mutes_at > 0))
  or exists (select from pairs where high = any($1::uuid[])
    and (low_blocks_at > 0 or high_blocks_at > 0 or low_mutes_at > 0 or high_mutes_at > 0)) as paired,
  exists (select from room_mutes where room_id = $2 and user_id = any($1::uuid[])) as muted,
  exists (select from sanctions where user_id = any($1::uuid[])) as sanctioned
"""
MUTES = "select user_id, muted_at, until from room_mutes where room_id = $1 and user_id = any($2::uuid[])"


@dataclass(frozen=True, slots=True)
class RoomMute:
    """A host's word about one person in one room, as of `at`: muted until then (None: further notice), or no longer."""

    room_id: UUID
    user_id: UUID
    at: datetime
    muted: bool
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return self.muted and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Known:
    """About some people in one room. Pairs by (low, high)."""

    pairs: Mapping[tuple[UUID, UUID], Pair]
    sanctions: Sequence[Sanction]
    mutes: Sequence[RoomMute]


class Standings:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def known(self, room_id: UUID, users: Sequence[UUID], others: Sequence[UUID]) -> Known:
        """What stands between `users` and all of these, and against `users` themselves."""
        whether = await self._pool.fetchrow(WHETHER, list(users), room_id)
        assert whether is not None
        pairs = await self._pool.fetch(PAIRS, list(users), [*users, *others]) if whether["paired"] else []
        mutes = await self._pool.fetch(MUTES, room_id, list(users)) if whether["muted"] else []
        return Known(
            {(row["low"], row["high"]): _pair(row) for row in pairs},
            await about(self._pool, users) if whether["sanctioned"] else [],
            [RoomMute(room_id, row["user_id"], row["muted_at"], True, row["until"]) for row in mutes],
        )


def _pair(row: Record) -> Pair:
    return Pair({flag: row[flag] for flag in FLAGS}, {flag: row[f"{flag}_at"] for flag in FLAGS})
