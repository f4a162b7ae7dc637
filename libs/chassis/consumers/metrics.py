"""What consumers count: on /metrics of their process."""

from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition
from prometheus_client import Counter, Gauge, Histogram

TAKEN = Counter("virtubar_consumed", "records settled", ["service", "topic"])
DEAD = Counter("virtubar_dead_letters", "records given up", ["service", "topic", "kind"])
PUT_BACK = Counter("virtubar_batches_put_back", "batches that will be taken again", ["service"])
HALTED = Gauge("virtubar_consumer_halted", "1 when too many dead letters in a row stopped it", ["service"])
LAG = Gauge("virtubar_consumer_lag", "records not taken yet", ["service", "topic", "partition"])
APPLIED = Histogram(
    "virtubar_applied_seconds",
    "from the commit of an event to its being applied here",
    ["service"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600),
)


def measure_lag(service: str, consumer: Any, records: Sequence[Any]) -> None:
    """How much is left behind each partition's last record of a batch."""
    last = {TopicPartition(record.topic, record.partition): record.offset for record in records}
    for partition, offset in last.items():
        end = consumer.highwater(partition)
        if end is not None:
            LAG.labels(service, partition.topic, partition.partition).set(max(0, end - offset - 1))
