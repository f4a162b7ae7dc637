"""The end of an event's trace: its landing in the lake."""

from collections.abc import Iterable
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Tracer

from libs.chassis.telemetry import TRACE
from services.analytics.facts import Fact

ATTRIBUTES: Final = {
    "messaging.system": "kafka",
    "messaging.operation.type": "process",
    "messaging.consumer.group.name": "analytics-sink",
}


def tell(tracer: Tracer, facts: Iterable[Fact], began: int) -> None:
    """One span for each sampled fact, in its own trace: from `began` (ns since the epoch) until now."""
    for fact in facts:
        if fact.traceparent is None:
            continue
        span = tracer.start_span(
            f"land {fact.name}",
            TRACE.extract({"traceparent": fact.traceparent}, Context()),
            SpanKind.CONSUMER,
            {
                **ATTRIBUTES,
                "messaging.destination.name": fact.name,
                "messaging.destination.partition.id": str(fact.partition),
                "messaging.kafka.offset": fact.offset,
                "messaging.message.id": fact.event_id,
            },
            start_time=began,
        )
        span.end()
