"""From the log to Kafka: in order, at least once, by one leader, whatever dies.

A term begins with the leader's lock and ends with the first thing that fails, be it PostgreSQL's or Kafka's; the next
term, here or elsewhere, resumes from the cursor with a new connection and a new producer. There is no other recovery.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from asyncpg import Connection, InterfaceError, PostgresError

from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import source_of
from libs.contracts.event import Event
from libs.eventstore import timeline
from libs.eventstore.cursor import SESSION, Cursor, lead
from libs.eventstore.errors import Deposed
from libs.eventstore.feed import Feed
from libs.eventstore.publisher import Publisher
from libs.eventstore.watch import Unwatched, Watch
from libs.eventstore.wire import COLUMNS, Wire

BEHIND = """
select coalesce((select max(pos) from events), 0) - $1 as events,
  (select recorded_at from events where pos > $1 order by pos limit 1) as oldest
"""
CURSOR = "kafka"
POLL = 0.04  # seconds: how late an event may start without a wake-up
STANDBY = 0.5  # seconds between two tries to lead
AFTER_FAILURE = (0.1, 1.0)  # seconds, drawn at random
SIGN_OF_LIFE = 1.0  # seconds between two looks at the backlog
PATIENCE = 30.0  # seconds with a broker that does not answer

# The last one: an event newer than this program. It waits for the program, nothing may overtake it.
ENDS_A_TERM = (PostgresError, InterfaceError, OSError, TimeoutError, KafkaError, Deposed, LookupError)

T = TypeVar("T")
log = logging.getLogger(__name__)


class Relay:
    """Publishes one schema's events. Any number may run; one leads.

    `connect` opens a session of its own (no pooler between) with the schema as search_path and a command timeout;
    `producer` makes an AIOKafkaProducer with `publisher.DELIVERY`; `wake` is set after commits where store and relay
    share a process.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        producer: Callable[[], AIOKafkaProducer],
        *,
        cell: str,
        service: str,
        wake: asyncio.Event | None = None,
        watch: Watch | None = None,
        catalogue: Mapping[str, type[Event]] = EVENTS,
        page: int = 1000,
        patience: float = PATIENCE,
    ) -> None:
        self._connect = connect
        self._producer = producer
        self._cell, self._service = cell, service
        self._wake = wake or asyncio.Event()
        self._watch = watch or Unwatched()
        self._catalogue = catalogue
        self._page = page
        self._patience = patience

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; a page under way is finished if Kafka answers. Raises what no new term could mend."""
        while not stop.is_set():
            try:
                await self._term(stop)
            except ENDS_A_TERM as reason:
                log.warning("relay term ended: %s: %s", type(reason).__name__, reason)
                await _pause(stop, random.uniform(*AFTER_FAILURE))

    async def _term(self, stop: asyncio.Event) -> None:
        db = await self._connect()
        try:
            await db.execute(SESSION)
            while (cursor := await lead(db, CURSOR)) is None:
                await _pause(stop, STANDBY)
                if stop.is_set():
                    return
            self._watch.leads(True)
            publisher = Publisher(self._producer())
            try:
                await self._attend(publisher.start(), db, cursor, stop)
                await self._lead(db, cursor, publisher, stop)
            finally:
                self._watch.leads(False)
                await publisher.stop()
        finally:
            with suppress(*ENDS_A_TERM):
                await db.close(timeout=2)

    async def _lead(self, db: Connection, cursor: Cursor, publisher: Publisher, stop: asyncio.Event) -> None:
        wire = Wire(source_of(self._cell, self._service, await timeline.current(db)), self._catalogue)
        feed = Feed("events", "pos", COLUMNS, size=self._page)
        overseen = 0.0
        while not stop.is_set():
            self._wake.clear()
            rows = await feed.read(db, cursor.pos)
            self._watch.hole(feed.hole_age)
            if rows:
                page = publisher.send([wire.message(row) for row in rows])
                arrival = await self._attend(page, db, cursor, stop)
                if arrival.count:
                    cursor = await cursor.move(db, rows[arrival.count - 1]["pos"])
                    self._watch.published(arrival.count, _age(rows[0]["recorded_at"]))
                if arrival.failure:
                    raise arrival.failure
            now = asyncio.get_running_loop().time()
            if now - overseen > SIGN_OF_LIFE:
                overseen = now
                await self._look_back(db, cursor)
            if len(rows) < self._page:
                await _pause(self._wake, POLL)

    async def _attend(self, work: Coroutine[None, None, T], db: Connection, cursor: Cursor, stop: asyncio.Event) -> T:
        """Wait for Kafka while the session is kept alive and the backlog known.

        Raises TimeoutError when it takes too long, and soon when somebody wants to stop: the page is then sent again.
        """
        task = asyncio.create_task(work)
        try:
            async with asyncio.timeout(self._patience):
                while not (await asyncio.wait([task], timeout=SIGN_OF_LIFE))[0]:
                    await self._look_back(db, cursor)
                    if stop.is_set():
                        raise TimeoutError("Kafka is silent, and we are to stop")
            return await task
        finally:
            task.cancel()

    async def _look_back(self, db: Connection, cursor: Cursor) -> None:
        row = await db.fetchrow(BEHIND, cursor.pos)
        assert row is not None
        self._watch.behind(row["events"], _age(row["oldest"]) if row["oldest"] else 0.0)


def _age(time: datetime) -> float:
    return (datetime.now(UTC) - time).total_seconds()


async def _pause(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but no longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
