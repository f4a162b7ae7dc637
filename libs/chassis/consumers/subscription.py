"""FastStream, told everything it would otherwise get wrong.

Its default acknowledges before the work is done, ACK and REJECT_ON_ERROR commit what failed, and its parser raises on a
header that is null or not UTF-8, before any handler could. So: NACK_ON_ERROR as the net under our own policy, a parser
that looks at nothing, and batches, because a commit costs a round trip.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.security import SASLScram512

from libs.chassis.consumers.policy import Policy
from libs.chassis.kafka import Kafka

Records = Sequence[ConsumerRecord]
Parse = Callable[[Records], Awaitable[KafkaMessage]]


def subscribed(
    kafka: Kafka,
    service: str,
    topics: Sequence[str],
    handler: Callable[[Records], Awaitable[None]],
    *,
    instance: str,
    policy: Policy,
    patience: float,
) -> KafkaBroker:
    """A broker, not started, that hands batches of `topics` to `handler` and commits when it returns.

    When the handler raises, the batch comes again. `instance` names the member for static membership: a restart within
    30 s keeps its partitions. `patience` is how many seconds stopping waits for the batch in hand.
    """
    broker = KafkaBroker(
        kafka.bootstrap.split(","),
        security=login(kafka),
        client_id=f"{service}-{instance}",
        consumer_only=True,  # we have producers of our own, and topics are made by migrations
        apply_types=False,  # nothing is to be read from the handler's annotations
        graceful_timeout=patience,
        metadata_max_age_ms=10_000,
        logger=logging.getLogger("faststream"),
        log_level=logging.DEBUG,
    )
    subscriber = broker.subscriber(
        *topics,
        group_id=service,
        group_instance_id=f"{service}-{instance}",
        batch=True,
        max_records=policy.batch,
        batch_timeout_ms=max(1, int(policy.linger * 1000)),
        ack_policy=AckPolicy.NACK_ON_ERROR,
        auto_offset_reset="earliest",
        session_timeout_ms=30_000,
        rebalance_timeout_ms=30_000,
        max_poll_interval_ms=300_000,
        fetch_max_wait_ms=200,
        parser=_unread,
        decoder=_raw,
    )
    subscriber(handler)
    return broker


def login(kafka: Kafka) -> SASLScram512 | None:
    """As FastStream wants to be told it."""
    return SASLScram512(kafka.user, kafka.password or "", use_ssl=False) if kafka.user else None


async def _unread(records: Records, parse: Parse) -> KafkaMessage:
    """FastStream's message round the records, made from one that cannot offend its parser."""
    message = await parse((replace(records[0], headers=(), value=b""),))
    message.raw_message = tuple(records)  # what a commit or a rewind goes by
    return message


async def _raw(message: KafkaMessage) -> Any:
    return message.raw_message
