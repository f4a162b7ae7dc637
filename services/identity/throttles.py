"""Limits kept in Postgres, so that they hold over all processes and restarts: a leaky bucket in one timestamp."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from libs.eventstore.db import Db, Pool

# `busy_until` is when the bucket will have run empty, at most one window ahead. Rows are locked in one order.
TAKE = """
with asked as (
  select * from unnest($1::text[], $2::bytea[], $3::interval[], $4::interval[]) as each (scope, key, cost, most)
)
insert into throttles as t (scope, key, busy_until)
select scope, key, $5::timestamptz + cost from asked order by scope, key
on conflict (scope, key) do update set busy_until = greatest(t.busy_until, $5) + (excluded.busy_until - $5)
where greatest(t.busy_until, $5) + (excluded.busy_until - $5)
  <= $5 + (select most from asked where (asked.scope, asked.key) = (t.scope, t.key))
returning 1"""
BUSY = """
select busy_until from unnest($1::text[], $2::bytea[]) with ordinality as asked (scope, key, n)
left join throttles using (scope, key) order by n"""
GIVE_BACK = """
update throttles t set busy_until = t.busy_until - cost
from unnest($1::text[], $2::bytea[], $3::interval[]) as asked (scope, key, cost)
where (t.scope, t.key) = (asked.scope, asked.key)"""
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


async def take(db: "Db | Pool", at: datetime, *buckets: Bucket) -> bool:
    """One of each. False where one of them is full; the others are taken all the same, unless it is rolled back."""
    limits = [each.limit for each in buckets]
    taken = await db.fetch(TAKE, *_names(buckets), [it.cost for it in limits], [it.window for it in limits], at)
    return len(taken) == len(buckets)


async def waits(db: "Db | Pool", at: datetime, *buckets: Bucket) -> list[timedelta]:
    """How long until one more fits in each; nothing where it does now. Looks without taking."""
    found = [row["busy_until"] for row in await db.fetch(BUSY, *_names(buckets))]
    return [
        max(NOTHING, busy_until + bucket.limit.cost - bucket.limit.window - at) if busy_until else NOTHING
        for busy_until, bucket in zip(found, buckets, strict=True)
    ]


async def give_back(db: "Db | Pool", *buckets: Bucket) -> None:
    """Undo a `take` that served nobody."""
    await db.execute(GIVE_BACK, *_names(buckets), [each.limit.cost for each in buckets])


def _names(buckets: tuple[Bucket, ...]) -> tuple[list[str], list[bytes]]:
    return [each.scope for each in buckets], [each.key for each in buckets]


def in_seconds(wait: timedelta) -> int:
    """For Retry-After: whole seconds, at least one."""
    return max(1, ceil(wait.total_seconds()))
