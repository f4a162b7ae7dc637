"""An event's trace goes on to its landing; what was not sampled costs nothing."""

from uuid import uuid4

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.analytics.facts import fact_of
from services.analytics.spans import tell
from tests.analytics.records import happened, record_of, told

TRACE, REQUEST = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_each_sampled_fact_has_one_span_under_the_request_it_came_from() -> None:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    facts = [
        fact_of(record_of(told(happened("room_join"), id=uuid4(), traceparent=parent)))
        for parent in (f"00-{TRACE}-{REQUEST}-01", f"00-{TRACE}-{REQUEST}-00", None)
    ]
    tell(provider.get_tracer(__name__), facts, began=1_000)
    (span,) = kept.get_finished_spans()
    assert span.context is not None
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == REQUEST
    assert span.name == "land room_join"
    assert span.start_time == 1_000
    assert dict(span.attributes or {})["messaging.message.id"] == facts[0].event_id
