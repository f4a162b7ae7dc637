"""The relays of one house on a real broker, and what they have told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

from libs.contracts.cloudevents import Envelope
from libs.eventstore.relay import Relay
from tests.faults.checker import Fact, Verdict, verdict
from tests.faults.load import committed
from tests.libs.eventstore.house import House, connector
from tests.libs.eventstore.seats import CATALOGUE, SEAT, TOPICS, Command, Leave, Polish, Take, seat_of
from tests.libs.eventstore.topics import make_topics, producer, told

CAUGHT_UP = """
select coalesce((select pos from relay_cursor where name = $1), 0) >= (select coalesce(max(pos), 0) from events)
"""


class Runs(Protocol):
    async def run(self, stop: asyncio.Event) -> None: ...


@dataclass(frozen=True)
class Outlet:
    house: House
    kafka_url: str
    cell: str

    def relay(self, **parts: Any) -> Relay:
        defaults: dict[str, Any] = {"cell": self.cell, "service": "rooms", "catalogue": CATALOGUE}
        make = parts.pop("producer", partial(producer, self.kafka_url))
        return Relay(connector(self.house.runtime), make, **(defaults | parts))

    async def told(self) -> list[tuple[Fact, Envelope]]:
        return await told(self.kafka_url, self.cell)

    async def verdict(self) -> Verdict:
        """On everything that is committed and has a topic."""
        log = await committed(self.house, names=frozenset(TOPICS))
        return verdict(log, [fact for fact, _ in await self.told()])

    async def caught_up(self, cursor: str = "kafka") -> bool:
        return bool(await self.house.pool.fetchval(CAUGHT_UP, cursor))

    async def some_evenings(self, guests: int, note: str | None = None) -> None:
        """Three events each, two of them published."""
        store = self.house.store()
        for user in [uuid4() for _ in range(guests)]:
            evening: list[Command] = [Polish(user), Take(user, user, note=note), Leave(user)]
            for command in evening:
                await store.execute(SEAT, seat_of(user), command, at=datetime.now(UTC))


async def outlet_of(house: House, kafka_url: str) -> Outlet:
    await make_topics(kafka_url)
    return Outlet(house, kafka_url, f"t{uuid4().hex[:12]}")


@asynccontextmanager
async def running(*relays: Runs) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for relay in relays:
            group.create_task(relay.run(stop))
        try:
            yield
        finally:
            stop.set()
