"""The controls: a relay that moves its cursor first, and one whose lock and cursor know nothing of each other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import asyncpg
from aiokafka import AIOKafkaProducer

from libs.contracts.cloudevents import source_of
from libs.contracts.event import Event
from libs.eventstore.cursor import LEAD
from libs.eventstore.wire import COLUMNS, Wire

PAGE = f"select {COLUMNS} from events where pos > $1 order by pos limit $2"
START = "insert into relay_cursor values ('naive', 0, 0) on conflict do nothing"
WHERE = "select pos from relay_cursor where name = 'naive'"
MOVE = "update relay_cursor set pos = $1 where name = 'naive'"


class NaiveRelay:
    """As the relay, without its care."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        producer: Callable[[], AIOKafkaProducer],
        *,
        cell: str,
        catalogue: Mapping[str, type[Event]],
        page: int = 50,
        cursor_first: bool = False,
    ) -> None:
        self._connect, self._producer = connect, producer
        self._wire = Wire(source_of(cell, "rooms", 1), catalogue)
        self._page, self._cursor_first = page, cursor_first

    async def run(self, stop: asyncio.Event) -> None:
        lock, db = await self._connect(), await self._connect()
        try:
            await db.execute(START)
            while not await lock.fetchval(LEAD):  # and never looks at this session again
                await asyncio.sleep(0.1)
                if stop.is_set():
                    return
            producer = self._producer()
            await producer.start()
            try:
                await self._publish(db, producer, stop)
            finally:
                await producer.stop()
        finally:
            for session in (lock, db):
                await session.close()

    async def _publish(self, db: asyncpg.Connection, producer: AIOKafkaProducer, stop: asyncio.Event) -> None:
        pos = await db.fetchval(WHERE)
        while not stop.is_set():
            rows = await db.fetch(PAGE, pos, self._page)
            if not rows:
                await asyncio.sleep(0.02)
                continue
            pos = rows[-1]["pos"]
            if self._cursor_first:
                await db.execute(MOVE, pos)
            for message in map(self._wire.message, rows):
                if message.topic:
                    await producer.send_and_wait(message.topic, message.value, message.key, headers=message.headers)
            if not self._cursor_first:
                await db.execute(MOVE, pos)
