"""How often somebody may do something: a local bucket, and the minute's count over all nodes in Redis.

rl:ws:{userId}:{eventType}:{minuteBucket} is an integer, minuteBucket = epoch seconds // 60, gone after 120 s. It is
written in batches and read back with each; while Redis is away, this node's own count decides.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, time
from typing import Any, Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

KEPT: Final = 120  # seconds
PAUSE: Final = 0.05  # seconds between two batches
NOTED_EVERY: Final = 10.0  # seconds between two writes of what is only noted
PATIENCE: Final = 0.25  # seconds; whoever comes in waits no longer for what they did elsewhere


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `per_minute`, in bursts of at most `burst`."""

    per_minute: int
    burst: int

    @property
    def refill(self) -> float:
        """Seconds in which an empty bucket fills."""
        return 60 * self.burst / self.per_minute


@dataclass(slots=True)
class _Count:
    """One user's one kind of event."""

    minute: int
    tokens: float
    at: float
    here: int = 0  # not yet in Redis
    everywhere: int = 0  # in Redis, when last heard from

    def pour(self, limit: Limit, now: float) -> None:
        """The bucket fills with time."""
        self.tokens = min(limit.burst, self.tokens + max(0.0, now - self.at) * limit.per_minute / 60)
        self.at = now

    def learn(self, total: int, limit: Limit, now: float) -> None:
        """What Redis says; what is more than was known was done on another node, and empties this bucket too.

        Below empty where that comes late, as of somebody who was faster than counts are shared: it is paid back.
        """
        self.pour(limit, now)
        elsewhere = total - self.everywhere
        self.tokens = max(-float(limit.burst), self.tokens - max(0, elsewhere))
        self.everywhere = total


def limit_key(user: UUID, kind: str, minute: int) -> str:
    return f"rl:ws:{user}:{kind}:{minute}"


class Limits:
    """`take` decides at once; `run` keeps the counts of all nodes together."""

    def __init__(self, redis: Redis, limits: Mapping[str, Limit]) -> None:
        self._redis = redis
        self._limits = limits
        self._counts: dict[tuple[UUID, str], _Count] = {}
        self._dirty: set[tuple[UUID, str]] = set()  # those with something to write
        self._noted: Counter[tuple[UUID, str, int]] = Counter()
        self._stirred = asyncio.Event()  # a node where nobody does anything has nothing to wake up for
        self.failures = 0

    def take(self, user: UUID, kind: str, now: float) -> int:
        """0, or in how many milliseconds to try again. `now` in epoch seconds."""
        limit, count = self._limits[kind], self._count(user, kind, now)
        count.pour(limit, now)
        if count.here + count.everywhere >= limit.per_minute:
            return max(1, int((count.minute + 1) * 60_000 - now * 1000))
        if count.tokens < 1:
            return int((1 - count.tokens) * 60_000 / limit.per_minute) + 1
        count.tokens -= 1
        count.here += 1
        self._dirty.add((user, kind))
        self._stirred.set()
        return 0

    def note(self, user: UUID, kind: str, times: int, now: float) -> None:
        """Something is decided elsewhere (moves, second by second) and only counted here."""
        self._noted[user, kind, int(now // 60)] += times

    async def meet(self, user: UUID, now: float) -> None:
        """Somebody comes in: what they did on other nodes lately counts here too, or a new node were a new burst."""
        minute = int(now // 60)
        recent = [kind for kind, limit in self._limits.items() if now % 60 < limit.refill]  # what is older is paid back
        keys = [limit_key(user, kind, minute) for kind in self._limits]
        keys += [limit_key(user, kind, minute - 1) for kind in recent]
        try:
            async with asyncio.timeout(PATIENCE), self._redis.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.get(key)
                answers = [int(each or 0) for each in await pipe.execute()]
        except (RedisError, OSError, TimeoutError) as error:
            self.failures += 1
            log.warning("limits not known", error=type(error).__name__)
            return
        before = dict(zip(recent, answers[len(self._limits) :], strict=True))
        for (kind, limit), total in zip(self._limits.items(), answers, strict=False):
            known = (user, kind) in self._counts
            count = self._count(user, kind, now)
            count.learn(total, limit, now)
            if not known:
                count.tokens = max(0.0, count.tokens - before.get(kind, 0))  # how lately is not said, so as if just now

    def _count(self, user: UUID, kind: str, now: float) -> _Count:
        minute = int(now // 60)
        count = self._counts.get((user, kind))
        if count is None:
            count = self._counts[user, kind] = _Count(minute, self._limits[kind].burst, now)
        elif count.minute != minute:
            count.minute, count.here, count.everywhere = minute, 0, 0  # what is not written yet is forgiven
        return count

    async def run(self) -> None:
        """Share counts for ever."""
        due = monotonic() + NOTED_EVERY
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due - monotonic())):
                    await self._stirred.wait()
            self._stirred.clear()
            await asyncio.sleep(PAUSE)
            noted = monotonic() >= due
            await self.flush(time(), noted=noted)
            if noted:
                due = monotonic() + NOTED_EVERY

    async def flush(self, now: float, *, noted: bool = True) -> None:
        """One batch: add what happened here, learn what happened anywhere, forget whoever has been quiet."""
        counts = [(key, count) for key in self._dirty if (count := self._counts[key]).here]
        notes, self._noted = (self._noted, Counter()) if noted else (Counter(), self._noted)
        self._dirty = set()
        if noted:
            lately = int(now // 60) - 1
            self._counts = {who: count for who, count in self._counts.items() if count.minute >= lately}
        sent = [count.here for _, count in counts]
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for (user, kind), count in counts:
                    pipe.incrby(limit_key(user, kind, count.minute), count.here)
                for (user, kind, minute), times in notes.items():
                    pipe.incrby(limit_key(user, kind, minute), times)
                for (user, kind), count in counts:
                    pipe.expire(limit_key(user, kind, count.minute), KEPT)
                for user, kind, minute in notes:
                    pipe.expire(limit_key(user, kind, minute), KEPT)
                minutes = [count.minute for _, count in counts]
                answers: list[Any] = await pipe.execute() if len(pipe) else []
        except (RedisError, OSError) as error:
            self.failures += 1
            log.warning("limits not shared", error=type(error).__name__, count=len(counts))
            self._dirty.update(key for key, _ in counts if key in self._counts)
            self._stirred.set()
            return
        for ((_, kind), count), minute, here, total in zip(counts, minutes, sent, answers, strict=False):
            if count.minute == minute:
                count.here -= here
                count.everywhere += here  # of which this bucket knows
                count.learn(int(total), self._limits[kind], now)
