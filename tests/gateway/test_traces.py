"""A trace begins at the door, or goes on there; whoever called first decides whether it is kept."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy.gateway.edge import Edge
from deploy.native.folder import Folder
from tests.gateway.client import Client
from tests.gateway.conftest import opened
from tests.gateway.tokens import AUDIENCE, ISSUER
from tests.gateway.upstreams import service, serving
from tests.waiting import until

SAMPLED, UNSAMPLED = "aa" * 16, "bb" * 16
SPAN = "cd" * 8


@dataclass
class Collector:
    """Keeps what it is sent; trace ids are found in it as the bytes they are."""

    received: list[bytes] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.received.append(await request.body())
        return Response()

    def has(self, trace: str) -> bool:
        return any(bytes.fromhex(trace) in body for body in self.received)


@dataclass(frozen=True)
class Traced:
    collector: Collector
    port: int

    def traceparent(self, **headers: str) -> list[str]:
        """What the service was told."""
        told = Client(self.port).ask("POST", "/v1/auth/refresh", **headers).json["headers"]
        parts: list[str] = told["traceparent"].split("-")
        return parts


@pytest.fixture(scope="module")
def traced(folder: Folder) -> Iterator[Traced]:
    ports = folder.ports(["traced", "traced-admin", "traced-service", "collector"])
    collector = Collector()
    edge = Edge(
        listen=("127.0.0.1", ports["traced"]),
        admin=("127.0.0.1", ports["traced-admin"]),
        services={"identity": [("127.0.0.1", ports["traced-service"])]},
        issuer=ISSUER,
        audience=AUDIENCE,
        otlp_url=f"http://127.0.0.1:{ports['collector']}",
    )
    with (
        serving(Starlette(routes=[Route("/v1/traces", collector.take, methods=["POST"])]), ports["collector"]),
        serving(service({"keys": []}), ports["traced-service"]),
        opened(folder, "traced", edge),
    ):
        yield Traced(collector, ports["traced"])


async def test_a_trace_goes_on_and_its_spans_are_collected(traced: Traced) -> None:
    _, trace, span, flags = traced.traceparent(traceparent=f"00-{SAMPLED}-{SPAN}-01")
    assert (trace, flags) == (SAMPLED, "01")
    assert span != SPAN, "the gateway's own span is the service's parent"
    await until(lambda: traced.collector.has(SAMPLED))


async def test_a_trace_nobody_wants_is_passed_on_and_not_collected(traced: Traced) -> None:
    _, trace, _, flags = traced.traceparent(traceparent=f"00-{UNSAMPLED}-{SPAN}-00")
    assert (trace, flags) == (UNSAMPLED, "00")
    _, later, _, flags = traced.traceparent()
    assert flags == "01"
    await until(lambda: traced.collector.has(later), what="a trace that began here, after the other")
    assert not traced.collector.has(UNSAMPLED)
