"""A service in a process of its own that dies between its commit and its wake-up."""

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg

from libs.contracts.cloudevents import source_of
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.recorded import Recorded
from libs.eventstore.store import Store
from libs.eventstore.wire import COLUMNS, Wire
from tests.libs.eventstore.house import SCHEMA
from tests.libs.eventstore.seats import CATALOGUE, SEAT, Take, project, seat_of
from tests.libs.eventstore.topics import producer

ROW = f"select {COLUMNS} from events where pos = $1"


@dataclass(frozen=True)
class Orders:
    url: str
    keys: str
    kafka_url: str
    cell: str
    commits: int = 10
    die_at: int = 0  # the commit it does not survive
    tells_itself: bool = False  # the control: no relay, it publishes what it has committed

    def argv(self) -> list[str]:
        return [sys.executable, "-m", __spec__.name if __spec__ else __name__, json.dumps(asdict(self))]


class Service:
    def __init__(self, orders: Orders) -> None:
        self._orders, self._committed = orders, 0

    async def run(self) -> None:
        async with (
            asyncpg.create_pool(self._orders.url, min_size=1, max_size=2, server_settings=SCHEMA) as pool,
            asyncpg.create_pool(self._orders.keys, min_size=1, max_size=2, server_settings=SCHEMA) as keys,
        ):
            store = Store(pool, cipher=Cipher(KeyRing(keys)), project=project, wake=self.wake, catalogue=CATALOGUE)
            for _ in range(self._orders.commits):
                user = uuid4()
                outcome = await store.execute(SEAT, seat_of(user), Take(user, user), at=datetime.now(UTC))
                if self._orders.tells_itself:
                    await self._tell(pool, outcome.recorded[0])

    def wake(self) -> None:
        self._committed += 1
        if self._committed == self._orders.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    async def _tell(self, pool: asyncpg.Pool, recorded: Recorded) -> None:
        row = await pool.fetchrow(ROW, recorded.pos)
        assert row is not None
        message = Wire(source_of(self._orders.cell, "rooms", 1), CATALOGUE).message(row)
        async with producer(self._orders.kafka_url) as kafka:
            await kafka.send_and_wait(message.topic, message.value, message.key, headers=message.headers)


if __name__ == "__main__":
    asyncio.run(Service(Orders(**json.loads(sys.argv[1]))).run())
