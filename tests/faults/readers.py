"""The feed, and the two readers that everybody writes first."""

from collections.abc import Sequence
from typing import Protocol

from libs.eventstore.db import Db, Record
from libs.eventstore.feed import Feed
from tests.faults.checker import Fact

COLUMNS = "pos, event_id, stream_id, version"
BY_POSITION = f"select {COLUMNS} from events where pos > $1 order by pos limit 500"
BY_TRANSACTION = f"""
select {COLUMNS}, tx::text as txid from events e
where (e.tx, e.pos) > ($1::text::xid8, $2) and e.tx < pg_snapshot_xmin(pg_current_snapshot())
order by e.tx, e.pos limit 500
"""
REMEMBER_TRANSACTIONS = "alter table events add column tx xid8 not null default pg_current_xact_id()"


class Reader(Protocol):
    async def read(self, db: Db) -> Sequence[Record]: ...


class TheFeed:
    def __init__(self, size: int = 500) -> None:
        self.feed = Feed("events", "pos", COLUMNS, size=size)
        self.after = 0

    async def read(self, db: Db) -> Sequence[Record]:
        rows = await self.feed.read(db, self.after)
        self.after = rows[-1]["pos"] if rows else self.after
        return rows


class ByPosition:
    """Remembers the last position it saw: a transaction that commits later with a lower one is lost."""

    def __init__(self) -> None:
        self.after = 0

    async def read(self, db: Db) -> Sequence[Record]:
        rows = await db.fetch(BY_POSITION, self.after)
        self.after = rows[-1]["pos"] if rows else self.after
        return rows


class ByTransaction:
    """Reads what is older than every running transaction, in the order of transactions: not the order of streams."""

    def __init__(self) -> None:
        self.after = ("0", 0)

    async def read(self, db: Db) -> Sequence[Record]:
        rows = await db.fetch(BY_TRANSACTION, *self.after)
        self.after = (rows[-1]["txid"], rows[-1]["pos"]) if rows else self.after
        return rows


def facts(rows: Sequence[Record]) -> list[Fact]:
    return [Fact(row["event_id"], row["stream_id"], row["version"], row["pos"]) for row in rows]
