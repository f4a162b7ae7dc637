"""How often somebody may do something: a local bucket, and the minute's count over all nodes in Redis.

rl:ws:{userId}:{eventType}:{minuteBucket} is an integer, minuteBucket = epoch seconds // 60, gone after 120 s. It is
written in batches and read back with each; while Redis is away, this node's own count decides.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from time import time
from typing import Any, Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

KEPT: Final = 120  # seconds
PAUSE: Final = 0.5  # seconds between two batches
NOTED_EVERY: Final = 20  # batches between two writes of what is only noted


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `per_minute`, in bursts of at most `burst`."""

    per_minute: int
    burst: int


@dataclass(slots=True)
class _Count:
    """One user's one kind of event."""

    minute: int
    tokens: float
    at: float
    here: int = 0  # not yet in Redis
    everywhere: int | None = None  # in Redis, when last heard from


def limit_key(user: UUID, kind: str, minute: int) -> str:
    return f"rl:ws:{user}:{kind}:{minute}"


class Limits:
    """`take` decides at once; `run` keeps the counts of all nodes together."""

    def __init__(self, redis: Redis, limits: Mapping[str, Limit]) -> None:
        self._redis = redis
        self._limits = limits
        self._counts: dict[tuple[UUID, str], _Count] = {}
        self._noted: Counter[tuple[UUID, str, int]] = Counter()
        self.failures = 0

    def take(self, user: UUID, kind: str, now: float) -> int:
        """0, or in how many milliseconds to try again. `now` in epoch seconds."""
        limit, count = self._limits[kind], self._count(user, kind, now)
        count.tokens = min(limit.burst, count.tokens + (now - count.at) * limit.per_minute / 60)
        count.at = now
        if count.here + (count.everywhere or 0) >= limit.per_minute:
            return max(1, int((count.minute + 1) * 60_000 - now * 1000))
        if count.tokens < 1:
            return int((1 - count.tokens) * 60_000 / limit.per_minute) + 1
        count.tokens -= 1
        count.here += 1
        return 0

    def note(self, user: UUID, kind: str, times: int, now: float) -> None:
        """Something is decided elsewhere (moves, second by second) and only counted here."""
        self._noted[user, kind, int(now // 60)] += times

    def expect(self, user: UUID, now: float) -> None:
        """Somebody has come: what they did on other nodes in this minute counts here too, from the next batch on."""
        for kind in self._limits:
            self._count(user, kind, now)

    def _count(self, user: UUID, kind: str, now: float) -> _Count:
        minute = int(now // 60)
        count = self._counts.get((user, kind))
        if count is None:
            count = self._counts[user, kind] = _Count(minute, self._limits[kind].burst, now)
        elif count.minute != minute:
            count.minute, count.here, count.everywhere = minute, 0, 0
        return count

    async def run(self) -> None:
        """Share counts for ever."""
        batch = 0
        while True:
            await asyncio.sleep(PAUSE)
            batch += 1
            await self.flush(time(), noted=batch % NOTED_EVERY == 0)

    async def flush(self, now: float, *, noted: bool = True) -> None:
        """One batch: add what happened here, learn what happened anywhere, forget whoever has been quiet."""
        self._counts = {who: count for who, count in self._counts.items() if count.minute >= int(now // 60) - 1}
        counts = [(key, count) for key, count in self._counts.items() if count.here or count.everywhere is None]
        notes, self._noted = (self._noted, Counter()) if noted else (Counter(), self._noted)
        sent = [count.here for _, count in counts]
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for (user, kind), count in counts:
                    key = limit_key(user, kind, count.minute)
                    pipe.incrby(key, count.here) if count.here else pipe.get(key)
                for (user, kind, minute), times in notes.items():
                    pipe.incrby(limit_key(user, kind, minute), times)
                for (user, kind), count in counts:
                    if count.here:
                        pipe.expire(limit_key(user, kind, count.minute), KEPT)
                for user, kind, minute in notes:
                    pipe.expire(limit_key(user, kind, minute), KEPT)
                minutes = [count.minute for _, count in counts]
                answers: list[Any] = await pipe.execute() if len(pipe) else []
        except (RedisError, OSError) as error:
            self.failures += 1
            log.warning("limits not shared", error=type(error).__name__, count=len(counts))
            return
        for (_, count), minute, here, total in zip(counts, minutes, sent, answers, strict=False):
            if count.minute == minute:
                count.here -= here
                count.everywhere = int(total or 0)
