"""From the log to Kafka: in order, at least once, by one leader, whatever dies.

A term begins with the leader's lock and ends with the first thing that fails, be it PostgreSQL's or Kafka's; the next
term, here or elsewhere, resumes from the cursor with a new connection and a new producer. There is no other recovery.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from asyncpg import Connection, InterfaceError, InternalClientError, PostgresError

from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import source_of
from libs.contracts.event import Event
from libs.eventstore import timeline
from libs.eventstore.cursor import SESSION, Cursor, lead
from libs.eventstore.errors import Deposed
from libs.eventstore.feed import Feed
from libs.eventstore.publisher import Publisher
from libs.eventstore.term import Term, pause
from libs.eventstore.watch import Unwatched, Watch
from libs.eventstore.wire import COLUMNS, Wire

CURSOR = "kafka"
STANDBY = 0.5  # seconds between two tries to lead
AFTER_FAILURE = (0.1, 1.0)  # seconds, drawn at random
PATIENCE = 30.0  # seconds

# InternalClientError is how asyncpg may find a session that the server has ended; LookupError is an event newer than
# this program: it waits for the program, nothing may overtake it.
AWAY = (PostgresError, InterfaceError, InternalClientError, OSError, TimeoutError, KafkaError)
ENDS_A_TERM = (*AWAY, Deposed, LookupError)

log = logging.getLogger(__name__)


class Relay:
    """Publishes one schema's events. Any number may run; one leads.

    `connect` opens a session of its own (no pooler between) with the schema as search_path; `producer` makes an
    AIOKafkaProducer with `publisher.DELIVERY`; `wake` is set after commits where store and relay share a process.
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
                await self._stand(stop)
            except ENDS_A_TERM as reason:
                log.warning("relay term ended: %s: %s", type(reason).__name__, reason)
                await pause(stop, random.uniform(*AFTER_FAILURE))

    async def _stand(self, stop: asyncio.Event) -> None:
        """Wait for the lead, then take it."""
        db = await self._connect()
        try:
            await db.execute(SESSION)
            while not stop.is_set():
                if cursor := await lead(db, CURSOR):
                    return await self._lead(db, cursor, stop)
                await pause(stop, STANDBY)
        finally:
            with suppress(*ENDS_A_TERM):
                await db.close(timeout=2)

    async def _lead(self, db: Connection, cursor: Cursor, stop: asyncio.Event) -> None:
        self._watch.leads(True)
        feed, publisher = Feed("events", "pos", COLUMNS, size=self._page), Publisher(self._producer())
        term = Term(db, cursor, feed, publisher, self._watch, self._wake, stop, self._patience)
        try:
            wire = Wire(source_of(self._cell, self._service, await timeline.current(db)), self._catalogue)
            await term.look_back()
            await term.attend(publisher.start())
            await term.lead(wire)
        finally:
            self._watch.leads(False)
            await publisher.stop()
