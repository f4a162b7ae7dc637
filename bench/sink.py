"""`python -m bench.sink`: the sink beside deltalake alone, and beside reading alone.

The same 200,000 joins of 2,000 people, 10,000 in a commit. `deltalake alone` is handed finished Arrow tables: it has no
Kafka to read, no contract to check, nobody to rename and no marks to keep. `aiokafka alone` reads and forgets: no sink
over it can be faster. They take turns, and the ratios are the medians of the turns.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import uvloop
from deltalake import write_deltalake
from prometheus_client import CollectorRegistry

from bench import servers
from bench.figures import Run
from libs.chassis.health import NotReady
from libs.chassis.kafka import Kafka, create_topics, partitions_of
from libs.contracts.catalogue import dlq_of, topics
from services.analytics.__main__ import compose
from services.analytics.facts import fact_of
from services.analytics.lake import PARQUET, Lake
from services.analytics.rows import row_of, table_of
from services.analytics.settings import Settings
from tests.analytics.records import Record, happened, record_of, told
from tests.stack import Databases, KafkaServer, PostgresServer

TOPIC, PARTITIONS = "room_join", 6
RECORDS, PEOPLE, BATCH, ROUNDS = 200_000, 2_000, 10_000, 3
GOAL: Final = 0.3


def joins(first: int, last: int) -> list[Record]:
    """As the relay writes them: everybody has joined before, and does again."""
    base = happened(TOPIC)
    events = [base.model_copy(update={"user_id": WHO[n % PEOPLE], "visit_id": uuid4()}) for n in range(first, last)]
    return [
        record_of(
            told(event, position=n + 1, correlation_id=uuid4(), causation_id=uuid4()),
            offset=n // PARTITIONS,
            partition=n % PARTITIONS,
        )
        for n, event in enumerate(events, first)
    ]


WHO = [uuid4() for _ in range(PEOPLE)]


async def fill(kafka: Kafka) -> list[Any]:
    """The topic; and its rows as Arrow tables, a batch each."""
    await create_topics(kafka, {**topics(), dlq_of("analytics"): None}, replication=1)
    tables = []
    async with kafka.producer(linger_ms=5) as producer:
        for first in range(0, RECORDS, BATCH):
            records = joins(first, first + BATCH)
            sent = [
                await producer.send(each.topic, each.value, each.key, partition=each.partition, headers=each.headers)
                for each in records
            ]
            await asyncio.gather(*sent)
            facts = [fact_of(record) for record in records]
            tables.append(table_of([row_of(fact, {user: user for user in fact.users}) for fact in facts]))
    return tables


async def reading(kafka: Kafka) -> Run:
    run = Run(RECORDS)
    async with kafka.reader() as consumer:
        places = await partitions_of(kafka, [TOPIC])
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        left = RECORDS
        with run.running():
            while left:
                left -= sum(map(len, (await consumer.getmany(timeout_ms=100, max_records=BATCH)).values()))
    return run


def writing(tables: Sequence[Any], lake: Path) -> Run:
    run, table = Run(RECORDS), Lake.open(str(lake))._table
    with run.running():
        for rows in tables:
            write_deltalake(table, rows, mode="append", writer_properties=PARQUET)
    return run


async def sinking(kafka_url: str, urls: Databases, lake: Path) -> Run:
    """From the assignment of the partitions until the last whole batch has landed; the rest would wait for more."""
    run, registry, stop = Run(), CollectorRegistry(), asyncio.Event()
    settings = Settings(database_url=urls.runtime, keys_url=urls.keys, kafka_url=kafka_url, lake_url=str(lake))

    def landed() -> float:
        return registry.get_sample_value("virtubar_sink_rows_total", {"topic": TOPIC}) or 0

    async with compose(settings, ["sink"], registry) as parts:
        roles = parts.roles["sink"]
        assert not callable(roles)
        tasks = [asyncio.ensure_future(role(stop)) for role in roles]
        await assigned(parts.ready["kafka"])
        with run.running():
            while landed() <= RECORDS - BATCH:
                await asyncio.sleep(0.005)
        run.count = int(landed())
        stop.set()
        await asyncio.gather(*tasks)
    return run


async def assigned(check: Any) -> None:
    while True:
        try:
            await check()
            return
        except NotReady:
            await asyncio.sleep(0.001)


async def measure(broker: KafkaServer, server: PostgresServer) -> None:
    kafka, urls = Kafka.parse(broker.url), await server.database("analytics")
    tables = await fill(kafka)
    turns = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as alone, tempfile.TemporaryDirectory() as ours:
            turns.append(
                (writing(tables, Path(alone)), await reading(kafka), await sinking(broker.url, urls, Path(ours)))
            )
    for name, runs in zip(("deltalake alone", "aiokafka alone", "the sink"), zip(*turns, strict=True), strict=True):
        print(sorted(runs, key=lambda run: run.per_second)[ROUNDS // 2].row(name))
    to_deltalake = statistics.median(ours.per_second / alone.per_second for alone, _, ours in turns)
    to_reading = statistics.median(ours.per_second / bare.per_second for _, bare, ours in turns)
    print(f"sink / deltalake {to_deltalake:.2f} (goal >= {GOAL}), sink / aiokafka {to_reading:.2f}")


def main() -> None:
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with servers.folder() as where, servers.postgres(where) as server, servers.kafka(where) as broker, loop as runner:
        runner.run(measure(broker, server))


if __name__ == "__main__":
    main()
