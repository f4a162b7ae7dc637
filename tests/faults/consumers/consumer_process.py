"""A consumer in a process of its own, which kills itself between the commit of its tables and that of its offsets.

    python -m tests.faults.consumers.consumer_process heard|naive GROUP KAFKA_URL DATABASE_URL KILLS

KILLS is a file that holds how often that is still to happen. `naive` does the same work without the inbox.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from libs.chassis import postgres
from libs.chassis.consumers import Consumers
from libs.chassis.consumers.subscription import subscribed
from libs.chassis.kafka import Kafka
from libs.contracts.cloudevents import decode
from libs.contracts.social import ProfileOpen
from libs.eventstore.db import Pool
from tests.libs.chassis.house import QUICK, SCHEMA, effect


class Mortal(Consumers):
    """Dies after a batch was taken, before its offsets are committed."""

    kills: Path

    async def take(self, records: Sequence[Any]) -> None:
        await super().take(records)
        die(self.kills)


def die(kills: Path) -> None:
    left = int(kills.read_text())
    if left:
        kills.write_text(str(left - 1))
        os.kill(os.getpid(), signal.SIGKILL)


async def naive(kafka: Kafka, group: str, pool: Pool, kills: Path, stop: asyncio.Event) -> None:
    """The same subscription, and effects in one transaction, but nobody asks what has been heard."""

    async def take(records: Sequence[Any]) -> None:
        async with pool.acquire() as db, db.transaction():
            for record in records:
                await effect(db, decode(record.value, record.headers))
        die(kills)

    broker = subscribed(kafka, group, [ProfileOpen.NAME], take, instance="0", policy=QUICK, patience=5)
    await broker.start()
    await stop.wait()
    await broker.stop()


async def main(mode: str, group: str, kafka_url: str, database_url: str, kills: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    kafka, pool = Kafka.parse(kafka_url), await postgres.connect(database_url, SCHEMA)
    if mode == "naive":
        await naive(kafka, group, pool, Path(kills), stop)
        return
    consumers = Mortal(group, kafka, pool, policy=QUICK, patience=5)
    consumers.kills = Path(kills)
    consumers.replica(ProfileOpen, effect)
    await consumers.run(stop)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
