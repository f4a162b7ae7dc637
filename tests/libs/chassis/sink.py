"""Where spans go in tests: OTLP over HTTP, kept in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from libs.chassis.server import Server
from tests.libs.chassis.serving import serving


@dataclass(frozen=True)
class Seen:
    """A span."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str]


@dataclass
class Sink:
    """`url` is what VIRTUBAR_OTLP_URL is to be."""

    spans: list[Seen] = field(default_factory=list)
    url: str = ""

    async def take(self, request: Request) -> Response:
        for resource in ExportTraceServiceRequest.FromString(await request.body()).resource_spans:
            about = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    told = {each.key: each.value.string_value for each in span.attributes}
                    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                    self.spans.append(Seen(about["service.name"], span.name, *ids, told))
        return Response(b"", media_type="application/x-protobuf")


@asynccontextmanager
async def listening(port: int = 0) -> AsyncIterator[Sink]:
    """A sink that takes spans while the block runs, on a port of its own or on this one."""
    sink = Sink()
    app = Starlette(routes=[Route("/v1/traces", sink.take, methods=["POST"])])
    async with serving(Server(app, "127.0.0.1", port, grace=1)) as sink.url:
        yield sink
