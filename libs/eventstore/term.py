"""One relay's time as the leader: from the lock to the first thing that fails, or until it is asked to stop."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from libs.eventstore.cursor import Cursor
from libs.eventstore.db import Db, Record
from libs.eventstore.feed import Feed
from libs.eventstore.publisher import Publisher
from libs.eventstore.watch import Watch
from libs.eventstore.wire import Wire

BEHIND = """
select coalesce((select max(pos) from events), 0) - $1 as events,
  (select recorded_at from events where pos > $1 order by pos limit 1) as oldest
"""
POLL = 0.04  # seconds: how late an event may start without a wake-up
SIGN_OF_LIFE = 1.0  # seconds between two looks at the backlog

T = TypeVar("T")


@dataclass
class Term:
    """Everything one leader holds. `patience` is in seconds, with a broker that does not answer."""

    db: Db
    cursor: Cursor
    feed: Feed
    publisher: Publisher
    watch: Watch
    wake: asyncio.Event
    stop: asyncio.Event
    patience: float
    _looked: float = 0.0
    _session: asyncio.Lock = field(default_factory=asyncio.Lock)  # which takes one statement at a time

    async def lead(self, wire: Wire) -> None:
        """Publish what is there and what comes, reading a page ahead of the broker. Raises whatever fails."""
        ahead: asyncio.Task[Sequence[Record]] | None = None
        try:
            while not self.stop.is_set():
                self.wake.clear()
                rows = await (ahead or self._read(self.cursor.pos))
                more = len(rows) == self.feed.size
                ahead = asyncio.create_task(self._read(rows[-1]["pos"])) if more else None
                if rows:
                    await self._publish(rows, wire)
                await self._look_back_now_and_then()
                if not more:
                    await pause(self.wake, POLL)
        finally:
            if ahead and not ahead.cancel():
                ahead.exception()  # looked at, or asyncio complains; the term ends over something else

    async def attend(self, work: Coroutine[None, None, T]) -> T:
        """Wait for Kafka while the session is kept alive and the backlog known.

        Raises TimeoutError when it takes too long, and soon when somebody wants to stop: the page is then sent again.
        """
        task = asyncio.create_task(work)
        try:
            async with asyncio.timeout(self.patience):
                while not (await asyncio.wait([task], timeout=SIGN_OF_LIFE))[0]:
                    await self.look_back()
                    if self.stop.is_set():
                        raise TimeoutError("Kafka is silent, and we are to stop")
            return await task
        finally:
            task.cancel()

    async def look_back(self) -> None:
        """Tell how far behind publishing is."""
        async with self._session:
            row = await self.db.fetchrow(BEHIND, self.cursor.pos)
        assert row is not None
        self.watch.behind(row["events"], _age(row["oldest"]) if row["oldest"] else 0.0)

    async def _look_back_now_and_then(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._looked > SIGN_OF_LIFE:
            self._looked = now
            await self.look_back()

    async def _read(self, after: int) -> Sequence[Record]:
        async with self._session:
            rows = await self.feed.read(self.db, after)
        self.watch.hole(self.feed.hole_age)
        return rows

    async def _publish(self, rows: Sequence[Record], wire: Wire) -> None:
        arrival = await self.attend(self.publisher.send([wire.message(row) for row in rows]))
        if arrival.count:
            async with self._session:
                self.cursor = await self.cursor.move(self.db, rows[arrival.count - 1]["pos"])
            self.watch.published(arrival.count, _age(rows[0]["recorded_at"]))
        if arrival.failure:
            raise arrival.failure


def _age(time: datetime) -> float:
    return (datetime.now(UTC) - time).total_seconds()


async def pause(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but no longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
