"""`python -m bench.freshness`: how old a fact is when another service has applied it, and when the lake shows it.

500 events a second for 20 s through the store, the relay and Kafka, on real disk. The writer, the relay and a consumer
share a process, as natively; the sink has its own. Ages count from before the commit. Goals: applied within 100 ms
(p99), visible in the lake within 5 s (the oldest).
"""

import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pyarrow.parquet as pq
import uvloop

from bench import servers
from libs.chassis.consumers import Consumers
from libs.chassis.kafka import Kafka, create_topics
from libs.chassis.postgres import connect, session
from libs.contracts.catalogue import dlq_of, topics
from libs.contracts.cloudevents import Envelope
from libs.contracts.rooms import VoiceActiveSeconds
from libs.eventstore.db import Db
from libs.eventstore.decider import Decider
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.publisher import DELIVERY
from libs.eventstore.recorded import Recorded
from libs.eventstore.relay import Relay
from libs.eventstore.store import Store
from services.analytics.lake import Lake
from tests.stack import Databases, KafkaServer, PostgresServer
from tests.waiting import until

RATE, SECONDS, PEOPLE = 500, 20, 200
APPLIED_GOAL, VISIBLE_GOAL = 0.1, 5.0
TALK: Final[Decider[int, VoiceActiveSeconds]] = Decider(
    kind="visitor", initial=0, decide=lambda _, said: [said], evolve=lambda spoken, _: spoken + 1, state_type=int
)


class Timed(Consumers):
    """Notes how old every event is once its batch has been committed."""

    ages: list[float]

    async def take(self, records: Sequence[Any]) -> None:
        await super().take(records)
        now = time.time()
        told = (dict(record.headers)["ce_time"].decode() for record in records)
        self.ages += [now - datetime.fromisoformat(each).timestamp() for each in told]


async def nothing(db: Db, happened: Recorded | Envelope) -> None:
    """The inbox is work enough."""


async def speak(store: Store) -> None:
    """500 a second, each when its time has come, however long the others take."""
    people = [uuid4() for _ in range(PEOPLE)]

    async def one(due: float) -> None:
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        who = random.choice(people)
        said = VoiceActiveSeconds(visit_id=uuid4(), room_id=uuid4(), user_id=who, seconds=3)
        await store.execute(TALK, f"visitor-{who}", said, at=datetime.now(UTC))

    start = asyncio.get_running_loop().time() + 0.1
    await asyncio.gather(*[one(start + n / RATE) for n in range(RATE * SECONDS)])


@asynccontextmanager
async def sink(broker: KafkaServer, urls: Databases, lake: Path) -> AsyncIterator[None]:
    """`python -m services.analytics sink`."""
    told = {"DATABASE_URL": urls.runtime, "KAFKA_URL": broker.url, "LAKE_URL": str(lake), "HTTP_PORT": "0"}
    env = {**os.environ, **{f"VIRTUBAR_{name}": value for name, value in told.items()}}
    running = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.analytics", "sink", env=env)
    try:
        yield
    finally:
        running.terminate()
        await running.wait()


def shown(lake: Path) -> Iterator[float]:
    """How old each event was when the commit that holds it appeared."""
    for commit in sorted((lake / "_delta_log").glob("*.json")):
        actions = [json.loads(line) for line in commit.read_text().splitlines()]
        for path in [action["add"]["path"] for action in actions if "add" in action and action["add"]["dataChange"]]:
            for at in pq.read_table(lake / path, columns=["occurred_at"]).column(0).to_pylist():
                yield commit.stat().st_mtime - at.timestamp()


async def evening(broker: KafkaServer, server: PostgresServer, lake: Path) -> Timed:
    kafka = Kafka.parse(broker.url)
    await create_topics(kafka, {**topics(), dlq_of("analytics"): None, dlq_of("identity"): None}, replication=1)
    rooms, identity = await server.database("rooms"), await server.database("identity")
    wake, stop = asyncio.Event(), asyncio.Event()
    async with (
        await connect(rooms.runtime, "rooms") as pool,
        await connect(rooms.keys, "rooms") as keys,
        await connect(identity.runtime, "identity") as other,
        sink(broker, await server.database("analytics"), lake),
    ):
        store = Store(pool, cipher=Cipher(KeyRing(keys)), project=nothing, wake=wake.set)
        relay = Relay(
            lambda: session(rooms.runtime, "rooms"),
            lambda: kafka.producer(**DELIVERY),
            cell="local",
            service="rooms",
            wake=wake,
        )
        consumers = Timed("identity", kafka, other)
        consumers.ages = []
        consumers.replica(VoiceActiveSeconds, nothing)
        running = [asyncio.create_task(each.run(stop)) for each in (relay, consumers)]
        await warm(store, consumers, lake)
        await speak(store)
        await until(lambda: len(consumers.ages) >= RATE * SECONDS, 60)
        await until(lambda: Lake.open(str(lake))._table.count() > RATE * SECONDS, 60)
        stop.set()
        await asyncio.gather(*running)
    return consumers


async def warm(store: Store, consumers: Timed, lake: Path) -> None:
    """One event all the way, which is not counted."""
    said = VoiceActiveSeconds(visit_id=uuid4(), room_id=uuid4(), user_id=uuid4(), seconds=3)
    await store.execute(TALK, f"visitor-{said.user_id}", said, at=datetime.now(UTC))
    await until(lambda: consumers.ages, 60)
    await until(lambda: (lake / "_delta_log").exists() and Lake.open(str(lake))._table.count() == 1, 60)
    consumers.ages.clear()


def row(name: str, ages: Sequence[float], goal: str) -> str:
    cuts = statistics.quantiles(ages, n=100)
    return (
        f"{name:28} p50 {cuts[49] * 1000:7.1f} ms   p99 {cuts[98] * 1000:7.1f} ms   oldest {max(ages):6.2f} s   {goal}"
    )


def main() -> None:
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with (
        servers.folder() as where,
        servers.postgres(where) as server,
        servers.kafka(where) as broker,
        tempfile.TemporaryDirectory() as lake,
        loop as runner,
    ):
        consumers = runner.run(evening(broker, server, Path(lake) / "lake"))
        print(f"{RATE} events a second for {SECONDS} s")
        print(row("commit to applied", consumers.ages, f"goal: p99 <= {APPLIED_GOAL * 1000:.0f} ms"))
        print(
            row("commit to visible in lake", list(shown(Path(lake) / "lake"))[1:], f"goal: oldest <= {VISIBLE_GOAL} s")
        )


if __name__ == "__main__":
    main()
