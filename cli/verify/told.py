"""What the topics hold: every record from their beginning to an end that was fixed before."""

from collections.abc import AsyncIterator, Mapping
from time import monotonic
from typing import Any, Final

from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaTimeoutError

from cli.verify.horizon import Ends, Progress
from cli.verify.ledger import Ledger, facts
from libs.chassis.kafka import Kafka
from libs.contracts.cloudevents import ContractError
from services.analytics.facts import fact_of

PAGE: Final = 5_000
PATIENCE: Final = 30.0  # seconds without a record: a broker that is gone is no error to aiokafka
ASIDE: Final = ("dlq_topic", "dlq_partition", "dlq_offset")


async def told(kafka: Kafka, to: Ends, ledger: Ledger, progress: Progress, *, patience: float = PATIENCE) -> None:
    """Enter every event, and every record that is none. Raises KafkaTimeoutError where an end is not reached."""
    ledger.add("begins", [(at.topic, at.partition, first) for at, (first, _) in to.items()])
    read, whole = 0, sum(last - first for first, last in to.values())
    async for records in _pages(kafka, to, patience):
        events, others = [], []
        for record in records:
            try:
                events.append(_entry(record))
            except ContractError as misfit:
                others.append((record.topic, record.partition, record.offset, str(misfit)))
        ledger.add("told", events)
        ledger.add("unreadable", others)
        read += len(records)
        progress(f"reading topics: {read:,} of {whole:,} records")


async def aside(kafka: Kafka, to: Ends, ledger: Ledger) -> None:
    """Enter the origins of what the sink has set aside; `to` is the end of its DLQ."""
    async for records in _pages(kafka, to, PATIENCE):
        ledger.add("aside", [place for record in records if (place := _origin(dict(record.headers)))])


async def _pages(kafka: Kafka, to: Ends, patience: float) -> AsyncIterator[list[ConsumerRecord]]:
    """The records of all partitions, in each in order; a partition that is done is not asked any more."""
    left = {at: last for at, (first, last) in to.items() if first < last}
    if not left:
        return
    async with kafka.reading() as consumer:
        consumer.assign(list(left))  # once: aiokafka may never stop when it is told to right after another assignment
        for at in left:
            consumer.seek(at, to[at][0])
        heard = monotonic()
        while left:
            for at, records in (await consumer.getmany(*left, timeout_ms=200, max_records=PAGE)).items():
                yield [record for record in records if record.offset < left[at]]
                heard = monotonic()
            if monotonic() - heard > patience:
                raise KafkaTimeoutError(f"no record for {patience:g} s, and {len(left)} partitions not read to the end")
            for at in list(left):
                if await consumer.position(at) >= left[at]:
                    del left[at]


def _entry(record: ConsumerRecord) -> tuple[Any, ...]:
    fact = fact_of(record)
    return *facts(fact), record.topic, record.partition, record.offset, fact.source, fact.position


def _origin(headers: Mapping[str, bytes | None]) -> tuple[str, int, int] | None:
    topic, partition, offset = ((headers.get(name) or b"").decode(errors="replace") for name in ASIDE)
    return (topic, int(partition), int(offset)) if partition.isdecimal() and offset.isdecimal() else None
