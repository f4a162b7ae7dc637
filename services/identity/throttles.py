"""Limits kept in Postgres, so that they hold over all processes and restarts: a leaky bucket in one timestamp."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from libs.chassis.problems import RateLimited
from libs.eventstore.db import Db, Pool

# `busy_until` is when the bucket will have run empty; it may lie at most one window ahead.
TAKE = """
insert into throttles as t (scope, key, busy_until) values ($1, $2, $3::timestamptz + $4::interval)
on conflict (scope, key) do update set busy_until = greatest(t.busy_until, $3) + $4
where greatest(t.busy_until, $3) + $4 <= $3 + $5::interval
returning busy_until"""
GIVE_BACK = "update throttles set busy_until = busy_until - $3::interval where scope = $1 and key = $2"
BUSY_UNTIL = "select busy_until from throttles where scope = $1 and key = $2"
SWEEP = "delete from throttles where busy_until < $1"

NOTHING: Final = timedelta()


@dataclass(frozen=True, slots=True)
class Limit:
    """`times` at once, and as many again over every `seconds`. Written `5/3600`."""

    times: int
    seconds: float

    @property
    def window(self) -> timedelta:
        return timedelta(seconds=self.seconds)

    @property
    def cost(self) -> timedelta:
        """What one of them adds to the bucket."""
        return self.window / self.times

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Raises ValueError for anything but `TIMES/SECONDS`, both positive."""
        times, _, seconds = text.partition("/")
        limit = cls(int(times), float(seconds))
        if limit.times < 1 or not 0 < limit.seconds < float("inf"):
            raise ValueError("a limit is TIMES/SECONDS, as in 5/3600")
        return limit


@dataclass(frozen=True, slots=True)
class Bucket:
    """Who is limited (`key`, a keyed hash) in what (`scope`)."""

    scope: str
    key: bytes
    limit: Limit

    async def wait(self, db: "Db | Pool", at: datetime) -> timedelta:
        """How long until one more fits; nothing if it does now. Looks without taking."""
        busy_until: datetime | None = await db.fetchval(BUSY_UNTIL, self.scope, self.key)
        if busy_until is None:
            return NOTHING
        return max(NOTHING, busy_until + self.limit.cost - self.limit.window - at)

    async def take(self, db: "Db | Pool", at: datetime) -> None:
        """Raises RateLimited where the bucket is full; then nothing was taken."""
        limit = self.limit
        if await db.fetchval(TAKE, self.scope, self.key, at, limit.cost, limit.window) is None:
            raise RateLimited(retry_after=in_seconds(await self.wait(db, at)))

    async def give_back(self, db: "Db | Pool") -> None:
        """Undo a `take` that served nobody."""
        await db.execute(GIVE_BACK, self.scope, self.key, self.limit.cost)


def in_seconds(wait: timedelta) -> int:
    """For Retry-After: whole seconds, at least one."""
    return max(1, ceil(wait.total_seconds()))
