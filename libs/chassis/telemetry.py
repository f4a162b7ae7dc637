"""Traces: one tree from the HTTP request through the relay to every consumer and the lake.

The gateway decides what is sampled, everybody else follows (parent-based). The traceparent goes from the request into
the event's meta (libs.eventstore), from there into the relay's header, and `consuming` hangs the consumer's span under
it. Without VIRTUBAR_OTLP_URL nothing is recorded, and none of this costs anything.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from libs.chassis.settings import Settings
from libs.contracts.cloudevents import Envelope

QUERY = "url.query"  # what people search for
TRACE = TraceContextTextMapPropagator()


def configure(service: str, settings: Settings) -> None:
    """Export this process's spans, where there is anywhere to send them. Once per process."""
    if settings.otlp_url:
        trace.set_tracer_provider(provider(service, settings.otlp_url, settings.trace_ratio, settings.instance))


def provider(service: str, otlp_url: str, ratio: float = 1.0, instance: str = "0") -> TracerProvider:
    """Sends spans to `otlp_url`/v1/traces as OTLP over HTTP, in the background."""
    made = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(ratio)),
        resource=Resource.create(
            {"service.name": service, "service.namespace": "virtubar", "service.instance.id": instance}
        ),
    )
    made.add_span_processor(_WithoutQueries())
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{otlp_url.rstrip('/')}/v1/traces", timeout=3)))
    return made


def shutdown() -> None:
    """Send what is still here."""
    current = trace.get_tracer_provider()
    if isinstance(current, TracerProvider):
        current.shutdown()


@contextmanager
def consuming(tracer: trace.Tracer, service: str, envelope: Envelope) -> Iterator[None]:
    """Work on one message of a batch, as part of its own trace: a span where it was sampled, else only the context."""
    carrier = {"traceparent": envelope.traceparent} if envelope.traceparent else {}
    parent = TRACE.extract(carrier, context.Context())
    if not trace.get_current_span(parent).get_span_context().trace_flags.sampled:
        token = context.attach(parent)
        try:
            yield
        finally:
            context.detach(token)
        return
    attributes = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": envelope.name,
        "messaging.consumer.group.name": service,
        "messaging.message.id": str(envelope.id),
    }
    with tracer.start_as_current_span(f"process {envelope.name}", parent, SpanKind.CONSUMER, attributes):
        yield


class _WithoutQueries(SpanProcessor):
    def on_start(self, span: Span, parent_context: context.Context | None = None) -> None:
        if span.attributes and QUERY in span.attributes:
            span.set_attribute(QUERY, "REDACTED")
