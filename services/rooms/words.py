"""What people said in rooms lately and where they stood, as far as Redis still has it, forgotten with them.

A node that has the room takes the words back itself and forgets them; this is for rooms that nobody has by now, whose
next owner would read them, and for nodes that hear of it late. Of whoever is erased the rest of a lane says ids alone.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from redis.asyncio import Redis

from libs.eventstore.unit import Unit
from services.rooms.erasure import clear
from services.rooms.realtime.lane_wire import lane_key
from services.rooms.realtime.trail import forget

LATELY: Final = """
select distinct room_id from room_memberships where user_id = $1 and (left_at is null or left_at > $2)
"""


class Words:
    def __init__(self, redis: Redis, seconds: float) -> None:
        """`redis` answers in bytes; nothing there is older than `seconds`."""
        self._redis = redis
        self._seconds = seconds
        self._span = timedelta(seconds=2 * seconds)

    async def clear(self, unit: Unit, user_id: UUID) -> None:
        """All that rooms alone knows how to forget. Raises what Redis raises: then all of it is done again."""
        rooms = await self._rooms(unit, user_id, unit.at)  # asked before, for `clear` may end the visit
        await clear(unit, user_id)
        for room in rooms:
            await self.erase(room, user_id)
            await forget(self._redis, room, user_id, self._seconds)

    async def erase(self, room_id: UUID, user_id: UUID) -> int:
        """Returns how many words there were. Repeatable."""
        said: Any = await self._redis.xrange(lane_key(room_id))
        author = str(user_id).encode()
        theirs = [entry for entry, fields in said if b"chat" in fields and fields[b"by"] == author]
        return int(await self._redis.xdel(lane_key(room_id), *theirs)) if theirs else 0

    async def _rooms(self, unit: Unit, user_id: UUID, at: datetime) -> list[UUID]:
        return [row["room_id"] for row in await unit.db.fetch(LATELY, user_id, at - self._span)]
