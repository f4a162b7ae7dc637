"""The table of what could not be taken: dead letters, and behind each the later records of its key, in order."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.chassis.consumers.letter import Letter, Place
from libs.eventstore.db import Db, Pool, Record

# One at a time per place: whoever adds to it and whoever empties it must agree on whether it is empty.
LOCK = "select pg_advisory_xact_lock(hashtextextended($1, 7))"
OCCUPIED = """
select distinct topic, place from parked
join unnest($1::text[], $2::bytea[]) as asked (topic, place) using (topic, place)
"""
IS_OCCUPIED = "select exists (select from parked where topic = $1 and place = $2)"
INSERT = """
insert into parked (state, topic, place, origin_partition, origin_offset, digest, key, value, header_names,
  header_values, kind, reason, tries, first_seen, failed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, case when $1 = 'dead' then now() end)
on conflict (topic, origin_partition, origin_offset, digest) do nothing
"""
LIST = """
select p.*, (select count(*) from parked w where (w.topic, w.place) = (p.topic, p.place) and w.id > p.id) as behind
from parked p where p.state <> 'waiting' and ($1::bigint is null or p.id = $1) order by p.id
"""
ASK = "update parked set state = 'retry' where state = 'dead' and ($1::bigint is null or id = $1) returning id"
NEXT_ASKED = "select id, topic, place from parked where state = 'retry' order by id limit 1"
TAKE = "select * from parked where id = $1 and state = 'retry' for update"
FAILED = """
update parked set state = 'dead', kind = $2, reason = $3, tries = tries + $4, failed_at = now() where id = $1
"""
DELETE = "delete from parked where id = $1 returning topic, place"
DELETE_BEHIND = "delete from parked where topic = $1 and place = $2 and id > $3 and state = 'waiting'"
PROMOTE = """
update parked set state = 'retry', reason = coalesce(reason, 'was waiting') where state = 'waiting' and id =
  (select min(id) from parked where topic = $1 and place = $2)
"""
PLACE = "select topic, place from parked where id = $1 and state <> 'waiting'"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """As an operator sees it."""

    id: int
    state: str  # dead, or retry while one is under way
    letter: Letter
    kind: str
    reason: str
    tries: int
    failed_at: datetime | None
    behind: int  # later records of the same key that wait for it


class Parked:
    """Operations on one service's table."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def occupied(self, places: Iterable[Place]) -> set[Place]:
        """Which of these have something parked."""
        asked = set(places)
        rows = await self._pool.fetch(OCCUPIED, [topic for topic, _ in asked], [place for _, place in asked])
        return {(row["topic"], row["place"]) for row in rows}

    async def bury(self, letter: Letter, *, kind: str, reason: str, tries: int) -> None:
        """Park a dead letter. Again is the same as once."""
        await self._pool.execute(INSERT, "dead", *_columns(letter), kind, reason, tries, letter.first_seen)

    async def wait_behind(self, letter: Letter) -> bool:
        """Park a record behind those of its place; False when the place has been emptied meanwhile: take it instead."""
        async with self._pool.acquire() as db, db.transaction():
            await _lock(db, letter.place)
            if not await db.fetchval(IS_OCCUPIED, *letter.place):
                return False
            await db.execute(INSERT, "waiting", *_columns(letter), None, None, 0, letter.first_seen)
            return True

    async def dead(self, id: int | None = None) -> list[DeadLetter]:
        """All dead letters, oldest first, or the one with this id."""
        return [_dead(row) for row in await self._pool.fetch(LIST, id)]

    async def ask_retry(self, id: int | None = None) -> list[int]:
        """Have the running consumers take one dead letter, or all, and what waits behind. The ids it concerns."""
        return [row["id"] for row in await self._pool.fetch(ASK, id)]

    async def discard(self, id: int, *, behind: bool = False) -> bool:
        """Drop a dead letter for good; what waited behind it is taken now, or dropped too. False: there is no such."""
        async with self._pool.acquire() as db, db.transaction():
            place = await db.fetchrow(PLACE, id)
            if place is None:
                return False
            await _lock(db, (place["topic"], place["place"]))
            if behind:
                await db.execute(DELETE_BEHIND, place["topic"], place["place"], id)
            return await _drop(db, id)

    @asynccontextmanager
    async def asked(self) -> AsyncIterator["Asked | None"]:
        """The oldest record to be retried, held while the block runs."""
        async with self._pool.acquire() as db, db.transaction():
            found = await db.fetchrow(NEXT_ASKED)
            if found is None:
                yield None
                return
            await _lock(db, (found["topic"], found["place"]))
            row = await db.fetchrow(TAKE, found["id"])
            yield Asked(db, row["id"], _letter(row)) if row else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A parked record in our hands."""

    db: Db
    id: int
    letter: Letter

    async def done(self) -> None:
        """It was taken: the next of its place is to be."""
        await _drop(self.db, self.id)

    async def failed(self, *, kind: str, reason: str, tries: int) -> None:
        """It is dead (again), and those behind it go on waiting."""
        await self.db.execute(FAILED, self.id, kind, reason, tries)


async def _lock(db: Db, place: Place) -> None:
    await db.execute(LOCK, f"{place[0]} {place[1].hex()}")


async def _drop(db: Db, id: int) -> bool:
    place = await db.fetchrow(DELETE, id)
    if place is None:
        return False
    await db.execute(PROMOTE, place["topic"], place["place"])
    return True


def _columns(letter: Letter) -> tuple[object, ...]:
    names = [name.encode() for name, _ in letter.headers]
    values = [value for _, value in letter.headers]
    topic, place = letter.place
    return topic, place, letter.partition, letter.offset, letter.digest, letter.key, letter.value, names, values


@dataclass(frozen=True, slots=True)
class _Stored:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def _letter(row: Record) -> Letter:
    headers = [(name.decode(), value) for name, value in zip(row["header_names"], row["header_values"], strict=True)]
    stored = _Stored(row["topic"], row["origin_partition"], row["origin_offset"], row["key"], row["value"], headers)
    return Letter.read(stored, row["first_seen"].astimezone(UTC))


def _dead(row: Record) -> DeadLetter:
    return DeadLetter(
        id=row["id"],
        state=row["state"],
        letter=_letter(row),
        kind=row["kind"] or "",
        reason=row["reason"],
        tries=row["tries"],
        failed_at=row["failed_at"],
        behind=row["behind"],
    )
