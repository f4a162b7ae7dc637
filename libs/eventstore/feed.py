"""Reading an append-only table in the order of its positions, without ever passing one that may still appear.

A position is drawn before its transaction commits, so 11 may be seen while 10 is in flight, and whoever remembers only
"11" has lost 10 for good. Here a hole is passed only when every transaction that held a write lock on the table after
the hole was seen has ended, as CREATE INDEX CONCURRENTLY waits. That is sound because an insert takes the table's lock
before it draws its number, and lets go of it after its commit can be seen. Writers pay nothing. Three conditions: the
identity column has CACHE 1, the reader is on the primary, each look at the locks precedes the read it is to judge.
"""

import time
from collections.abc import Sequence

from libs.eventstore.db import Db, Record

# pg_locks shows the whole cluster; the same oid may be another table in another database.
HOLDERS = """
select virtualtransaction from pg_locks
where locktype = 'relation' and relation = '{table}'::regclass and mode = 'RowExclusiveLock' and granted
  and database = (select oid from pg_database where datname = current_database())
"""
PAGE = "select {columns} from {table} where {position} > $1 order by {position} limit {size}"


class Feed:
    """One reader's way through one table. Keeps the barrier it waits at; its caller keeps the cursor."""

    def __init__(self, table: str, position: str, columns: str, *, size: int = 1000) -> None:
        self.size = size
        self._position = position
        self._page = PAGE.format(table=table, position=position, columns=columns, size=size)
        self._holders = HOLDERS.format(table=table)
        self._upto = 0  # the barrier: positions up to here are settled …
        self._waiting_for: set[str] = set()  # … once these transactions have ended
        self._hole: int | None = None
        self._hole_since = 0.0

    @property
    def hole_age(self) -> float:
        """For how many seconds the feed has been standing before the same hole; 0 when it is not."""
        return time.monotonic() - self._hole_since if self._hole is not None else 0.0

    async def read(self, db: Db, after: int) -> Sequence[Record]:
        """The next rows after a position, at most `size`; none at the end and before a hole that may yet be filled.

        Do not call it in a transaction of an isolation level above READ COMMITTED: it must see what others commit.
        """
        while True:
            if self._waiting_for:
                # Looked up before the page, so that what those who are gone from here did is seen there.
                left = self._waiting_for & await self._lock_holders(db)
                if left == self._waiting_for and self._hole == after + 1:
                    return []
                self._waiting_for = left
            rows = await db.fetch(self._page, after)
            solid = self._solid(rows, after)
            if solid or not rows:
                self._stand_at(None)
                return rows[:solid]
            self._stand_at(after + 1)
            if rows[0][self._position] > self._upto:
                self._upto, self._waiting_for = rows[-1][self._position], await self._lock_holders(db)

    def _solid(self, rows: Sequence[Record], after: int) -> int:
        """How many rows from the front follow one another, or follow a hole that nobody can fill any more."""
        if rows and rows[-1][self._position] - after == len(rows):
            return len(rows)
        settled = self._upto if not self._waiting_for else 0
        for n, row in enumerate(rows):
            position = row[self._position]
            if position != after + 1 and position > settled:
                return n
            after = position
        return len(rows)

    def _stand_at(self, hole: int | None) -> None:
        if hole != self._hole:
            self._hole, self._hole_since = hole, time.monotonic()

    async def _lock_holders(self, db: Db) -> set[str]:
        return {row["virtualtransaction"] for row in await db.fetch(self._holders)}
