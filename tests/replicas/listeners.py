"""Every service that keeps replicas, with the handlers its consumers really have."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from cli.verify.sources import KEPT
from libs.chassis.consumers import Consumers
from libs.chassis.consumers.handlers import Replica as Handler
from libs.chassis.kafka import Kafka
from libs.chassis.postgres import connect
from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import Envelope
from libs.eventstore import heard
from libs.eventstore.db import Db, Pool
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import Replica, Table
from libs.eventstore.rebuild import Rebuild, Report
from libs.eventstore.recorded import Reader
from libs.safety.replica import PLACES as PLACES_OF_FLAGS
from services.identity import consumers as identity
from services.inventory import consumers as inventory
from services.moderation import consumers as moderation
from services.moderation.erasure import Erasure
from services.rooms import consumers as rooms
from services.social import consumers as social
from tests.stack import Databases

NOWHERE: Final = "kafka://127.0.0.1:1"
NOBODY: Final[Any] = None  # what commands alone ask, and none is run here
LISTEN: Final[Mapping[str, Callable[[Consumers, KeyRing], None]]] = {
    "identity": identity.listen,
    "rooms": rooms.listen,
    "social": lambda consumers, keys: social.listen(consumers, NOBODY, keys),
    "inventory": lambda consumers, keys: inventory.listen(consumers, NOBODY, keys),
    "moderation": lambda consumers, keys: moderation.listen(consumers, keys, Erasure(NOBODY)),
}


def replicas_of(service: str) -> list[Replica]:
    return [kept for kept in KEPT[service].tables.values() if isinstance(kept, Replica)]


Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]
"""By table, in the order of its key."""
PLACES: Final = frozenset({"place", "lifted_place", "version", *PLACES_OF_FLAGS})


@dataclass(frozen=True)
class Listener:
    """A service that does nothing but hear."""

    service: str
    urls: Databases
    pool: Pool
    handlers: Mapping[str, Handler]  # by the event's name

    @property
    def replicas(self) -> list[Replica]:
        return replicas_of(self.service)

    @property
    def tables(self) -> list[Table]:
        return [table for replica in self.replicas for table in replica.tables]

    async def hears(self, db: Db, envelopes: Sequence[Envelope]) -> None:
        """As its consumers take a batch."""
        for each in await heard.receive_all(db, envelopes):
            await self.handlers[each.name](db, each)

    async def folds(self, db: Db, envelopes: Sequence[Envelope]) -> None:
        """As a rebuild does: every replica is shown everything."""
        for each in envelopes:
            for replica in self.replicas:
                await replica.apply(db, each)

    async def rows(self, db: "Db | Pool") -> Rows:
        return {table.name: await _rows(db, table) for table in self.tables}

    async def forget_all(self) -> None:
        """As if the tables had just been made."""
        for table in reversed(self.tables):
            await self.pool.execute(f"delete from {table.name}")

    async def rebuild(self, *, merge: bool = False) -> Report:
        """From what was heard, and nothing else."""
        db = await asyncpg.connect(self.urls.owner, server_settings={"search_path": self.service})
        try:
            run = Rebuild(db, Reader(Cipher(KeyRing(self.pool)), EVENTS), self.replicas)
            return await (run.merge() if merge else run.compare())
        finally:
            await db.close()


async def _rows(db: "Db | Pool", table: Table) -> list[Row]:
    columns, key = ", ".join((*table.key, *table.columns)), ", ".join(table.key)
    return [dict(row) for row in await db.fetch(f"select {columns} from {table.name} order by {key}")]


def ranked(rows: Rows) -> Rows:
    """With what the places in a row are for: which of them are later than which."""
    return {table: [_ranked(row) for row in found] for table, found in rows.items()}


def _ranked(row: Row) -> Row:
    places = {column: row[column] for column in row if column in PLACES and row[column]}
    ranks = sorted(set(places.values()))
    return {**row, **{column: ranks.index(place) for column, place in places.items()}}


@asynccontextmanager
async def listening(service: str, urls: Databases) -> AsyncIterator[Listener]:
    async with await connect(urls.runtime, service, size=2) as pool:
        consumers = Consumers(service, Kafka.parse(NOWHERE), pool)
        LISTEN[service](consumers, KeyRing(pool))
        yield Listener(service, urls, pool, consumers._handlers.replicas)
