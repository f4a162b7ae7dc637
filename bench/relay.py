"""`python -m bench.relay`: the relay beside a bare aiokafka producer with the same records, and Kafka's own.

40,000 events in the log, half of two names, 2,000 people, traced; one page is 2,000. The bare producer has its records
and headers ready in memory, and sends them one by one in order, as its manual says. `ProducerPerformance` is Java with
random values of the same size and no headers. Goals: >= 0.8 of the one, >= 0.25 of the other. They take turns.
"""

import asyncio
import re
import statistics
from collections.abc import Sequence
from functools import partial
from typing import Any

import uvloop

from bench import servers
from bench.figures import Run
from deploy.kafka.security import ADMIN, SCRAM
from deploy.native.process import run as start
from libs.chassis.kafka import MECHANISM
from libs.contracts.cloudevents import source_of
from libs.eventstore.relay import Relay
from libs.eventstore.watch import Unwatched
from libs.eventstore.wire import COLUMNS, Message, Wire
from tests.libs.eventstore.house import House, connector, house_of
from tests.libs.eventstore.outlet import running
from tests.libs.eventstore.seats import CATALOGUE
from tests.libs.eventstore.topics import make_topics, producer
from tests.stack import KafkaServer, PostgresServer

EVENTS, PEOPLE, PAGE, ROUNDS = 40_000, 2_000, 2_000, 4
GOAL, GOAL_JAVA = 0.8, 0.25
TRACE = '{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}'
FILL = """
insert into events (stream_id, version, event_id, name, schema_version, subject, data, meta, recorded_at)
select 'seat-' || user_id, n / $2 + 1, gen_random_uuid(), case n % 2 when 0 then 'seat_take' else 'seat_leave' end,
  1, user_id, jsonb_build_object('user_id', user_id, 'room_id', gen_random_uuid(), 'visit_id', gen_random_uuid(),
    'night_id', gen_random_uuid(), 'join_source', 'direct', 'device_type', 'web', 'theme', 'lounge', 'region', 'eu'),
  $3::text::jsonb, now()
from generate_series(0, $1 - 1) n, lateral (select md5((n % $2)::text)::uuid as user_id) person
order by n
"""
"""Written at once: how fast a store fills the log is bench.append's question."""
REWIND = "update relay_cursor set pos = 0"
JAVA = "acks=all enable.idempotence=true compression.type=lz4 batch.size=262144 linger.ms=5"
RECORDS = re.compile(r"([\d.]+) records/sec")


class Counting(Unwatched):
    """Tells when everything has arrived."""

    def __init__(self) -> None:
        self.arrived, self.all = 0, asyncio.Event()

    def published(self, events: int, lag: float) -> None:
        self.arrived += events
        if self.arrived >= EVENTS:
            self.all.set()


async def by_the_relay(house: House, kafka_url: str, run: Run) -> float:
    await house.pool.execute(REWIND)
    counting, wall = Counting(), run.wall
    names: dict[str, Any] = {"cell": "bench", "service": "rooms", "catalogue": CATALOGUE}
    relay = Relay(connector(house.runtime), partial(producer, kafka_url), watch=counting, page=PAGE, **names)
    with run.running():
        async with running(relay):
            await counting.all.wait()
    run.count += EVENTS
    return EVENTS / (run.wall - wall)


async def by_aiokafka(messages: Sequence[Message], kafka_url: str, run: Run) -> float:
    wall = run.wall
    with run.running():
        async with producer(kafka_url, linger_ms=5) as kafka:
            for start in range(0, EVENTS, PAGE):
                page = messages[start : start + PAGE]
                sent = [await kafka.send(m.topic, m.value, m.key, headers=m.headers) for m in page]
                await asyncio.gather(*sent)
    run.count += EVENTS
    return EVENTS / (run.wall - wall)


def login(kafka: KafkaServer) -> list[str]:
    """As the administrator, in Java's words."""
    who = SCRAM.format(user=ADMIN, password=kafka.part.word(ADMIN))
    return ["security.protocol=SASL_PLAINTEXT", f"sasl.mechanism={MECHANISM}", f"sasl.jaas.config={who}"]


def by_java(kafka: KafkaServer, size: int) -> float:
    words = [
        "--topic",
        "seat_take",
        "--num-records",
        str(EVENTS * 10),
        "--record-size",
        str(size),
        "--throughput",
        "-1",
    ]
    words += ["--producer-props", f"bootstrap.servers={kafka.part.bootstrap}", *JAVA.split(), *login(kafka)]
    told = start(kafka.part.tool("org.apache.kafka.tools.ProducerPerformance", *words, heap=("-Xmx512m",)))
    return float(RECORDS.findall(told)[-1])


async def measure(server: PostgresServer, kafka: KafkaServer) -> None:
    await make_topics(kafka.url)
    async with house_of(server) as house:
        async with house.session(house.owner) as owner:
            await owner.execute(FILL, EVENTS, PEOPLE, TRACE)
            await owner.execute("insert into relay_cursor values ('kafka', 0, 0)")
            wire = Wire(source_of("bench", "rooms", 1), CATALOGUE)
            messages = [wire.message(row) for row in await owner.fetch(f"select {COLUMNS} from events order by pos")]
        size = round(statistics.mean(len(m.value) for m in messages))
        bare, relay, java = Run(), Run(), []
        turns = []
        for _ in range(ROUNDS):
            turns.append((await by_aiokafka(messages, kafka.url, bare), await by_the_relay(house, kafka.url, relay)))
            java.append(await asyncio.to_thread(by_java, kafka, size))
    print(f"{EVENTS:,} events of {size} B and {len(messages[0].headers)} headers, {ROUNDS} turns")
    print(f"{'ProducerPerformance':34} {statistics.median(java):9,.0f}/s")
    print(bare.row("aiokafka, records ready"))
    print(relay.row("relay, from PostgreSQL"))
    to_bare = statistics.median(ours / theirs for theirs, ours in turns)
    to_java = statistics.median(ours / best for (_, ours), best in zip(turns, java, strict=True))
    print(
        f"relay / aiokafka {to_bare:.2f} (goal >= {GOAL}), relay / ProducerPerformance {to_java:.2f} (>= {GOAL_JAVA})"
    )


def main() -> None:
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with servers.folder() as where, servers.postgres(where) as server, servers.kafka(where) as kafka, loop as runner:
        runner.run(measure(server, kafka))


if __name__ == "__main__":
    main()
