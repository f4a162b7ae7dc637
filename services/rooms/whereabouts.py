"""Where one's friends are: from Redis, as its nodes keep it there; from the seats where Redis is away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from libs.eventstore.db import Pool
from libs.safety.relation import GOOD, Standing
from libs.safety.replica import relations_of
from libs.safety.rule import can_interact
from libs.safety.surface import Surface
from services.rooms.settings import RoomsSettings

log = structlog.get_logger(__name__)

PRESENT: Final = ("roomId", "deviceType")
TTL: Final = timedelta(seconds=12)  # of the keys

# Nobody is shown who is not known to want it.
PUBLIC = "select user_id from guests where user_id = any($1::uuid[]) and privacy_level = 'public'"
SEATED = """
select user_id, room_id, device_type from seats
where user_id = any($1::uuid[]) and state = 'seated' and last_heartbeat > $2
"""
# A private room is nobody's business but of those who are in it too.
TELLABLE = """
select r.id from rooms r where r.id = any($1::uuid[])
  and (not r.is_private or r.created_by = $2
    or exists (select from seats s where s.user_id = $2 and s.room_id = r.id and s.state = 'seated'))
"""


@dataclass(frozen=True, slots=True)
class Presence:
    """Of one person, as somebody may know it: offline is also whoever does not want to be seen."""

    user_id: UUID
    online: bool = False
    room_id: UUID | None = None
    device_type: str | None = None


class Whereabouts:
    """`redis` answers in bytes or text."""

    def __init__(self, redis: Redis, pool: Pool, settings: RoomsSettings) -> None:
        self._redis = redis
        self._pool = pool
        self._settings = settings

    async def of(self, people: Sequence[UUID], asking: UUID, at: datetime) -> list[Presence]:
        """In the order asked for; strangers, people in a block and those who keep to themselves are offline."""
        shown = await self._shown(people, asking)
        found = await self._found(shown, at)
        rooms = {room for room, _ in found.values()}
        rows = await self._pool.fetch(TELLABLE, list(rooms), asking) if rooms else []
        tellable = {row["id"] for row in rows}
        return [_presence(user, found.get(user), tellable) for user in people]

    async def _shown(self, people: Sequence[UUID], asking: UUID) -> list[UUID]:
        relations = await relations_of(self._pool, asking, people)
        public = {row["user_id"] for row in await self._pool.fetch(PUBLIC, list(people))}
        return [
            user
            for user in people
            if can_interact(Standing(limited=user not in public), GOOD, Surface.PRESENCE, relations[user].turned())
        ]

    async def _found(self, people: Sequence[UUID], at: datetime) -> Mapping[UUID, tuple[UUID, str]]:
        """By user: room and device."""
        if not people:
            return {}
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for user in people:
                    pipe.hmget(f"presence:user:{user}", PRESENT)
                answers = await pipe.execute()
        except (RedisError, OSError) as error:
            log.warning("presence from seats", error=type(error).__name__)
            since = at - TTL - timedelta(seconds=self._settings.beat_seconds)
            rows = await self._pool.fetch(SEATED, list(people), since)
            return {row["user_id"]: (row["room_id"], row["device_type"]) for row in rows}
        return {
            user: (UUID(_text(room)), _text(device))
            for user, (room, device) in zip(people, answers, strict=True)
            if room and device
        }


def _presence(user: UUID, found: tuple[UUID, str] | None, tellable: set[UUID]) -> Presence:
    if found is None:
        return Presence(user)
    room, device = found
    return Presence(user, online=True, room_id=room if room in tellable else None, device_type=device)


def _text(value: "bytes | str") -> str:
    return value.decode() if isinstance(value, bytes) else value
