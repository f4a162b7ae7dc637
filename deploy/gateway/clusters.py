"""Everything the gateway leads to: services, realtime nodes, its own admin page, the collector of traces."""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from deploy.gateway.edge import Address, Edge
from deploy.gateway.typed import Config, seconds, socket, typed

ADMIN: Final = "admin"
TRACES: Final = "traces"
HTTP: Final = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
IDLE_SECONDS: Final = 4  # below uvicorn's keep-alive of 5, so that no request meets a closing connection
CONNECT_SECONDS: Final = 2


def clusters(edge: Edge) -> list[Config]:
    """The clusters, each named after what it leads to."""
    return list(_clusters(edge))


def service_cluster(service: str) -> str:
    return f"service-{service}"


def node_cluster(node: str) -> str:
    return f"node-{node}"


def _clusters(edge: Edge) -> Iterator[Config]:
    for service, addresses in edge.services.items():
        if addresses:
            yield {**_cluster(service_cluster(service), addresses), **_checked(addresses)}
    for node, address in edge.nodes.items():
        yield _cluster(node_cluster(node), [address])
    yield _cluster(ADMIN, [edge.admin])
    if edge.otlp_url:
        where = urlsplit(edge.otlp_url)
        yield _cluster(TRACES, [(where.hostname or "", where.port or 4318)])


def _cluster(name: str, addresses: Sequence[Address]) -> Config:
    endpoints = [{"endpoint": {"address": socket(address)}} for address in addresses]
    limits = {"max_connections": 4096, "max_pending_requests": 2048, "max_requests": 8192, "max_retries": 64}
    return {
        "name": name,
        "type": "STRICT_DNS",
        "connect_timeout": seconds(CONNECT_SECONDS),
        "lb_policy": "LEAST_REQUEST",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
        "circuit_breakers": {"thresholds": [limits]},
        "typed_extension_protocol_options": {
            HTTP: typed(
                "upstreams.http.v3.HttpProtocolOptions",
                common_http_protocol_options={"idle_timeout": seconds(IDLE_SECONDS)},
                explicit_http_config={"http_protocol_options": {}},
            )
        },
    }


def _checked(addresses: Sequence[Address]) -> Config:
    """Where there is a choice, only the ready are chosen; where none is ready, all are (a cache may be down)."""
    if len(addresses) < 2:
        return {}
    check = {
        "timeout": "1s",
        "interval": "2s",
        "no_traffic_interval": "2s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": "/readyz"},
    }
    return {"health_checks": [check]}
