"""What is known about an append besides the facts: whose trace it belongs to and what caused it."""

from dataclasses import dataclass
from uuid import UUID

import orjson
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from libs.contracts.cloudevents import Envelope

TRACE = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class Meta:
    """`correlation_id` names the whole story, `causation_id` the event that led to this one."""

    correlation_id: UUID | None = None
    causation_id: UUID | None = None

    @classmethod
    def caused_by(cls, envelope: Envelope) -> "Meta":
        return cls(envelope.correlation_id or envelope.id, envelope.id)

    def stored(self) -> str:
        """As JSON, with the current span's traceparent and tracestate, which the relay will send on."""
        carrier: dict[str, str] = {}
        TRACE.inject(carrier)
        if self.correlation_id:
            carrier["correlation_id"] = str(self.correlation_id)
        if self.causation_id:
            carrier["causation_id"] = str(self.causation_id)
        return orjson.dumps(carrier).decode()
