"""From the route table and the addresses of a bar to the gateway's configuration. Pure."""

import json
from typing import Final

from deploy.gateway.clusters import clusters
from deploy.gateway.edge import Edge
from deploy.gateway.listener import door, health
from deploy.gateway.table import Table
from deploy.gateway.typed import Config, extension, socket

CONNECTIONS: Final = "envoy.resource_monitors.global_downstream_max_connections"
RUNTIME: Final = {"tracing.opentelemetry.flush_interval_ms": 1000}


def render(table: Table, edge: Edge) -> Config:
    """Envoy's bootstrap configuration. Raises ValueError where the admin page would be reachable from elsewhere."""
    if edge.admin[0] not in ("127.0.0.1", "::1"):
        raise ValueError(f"the admin page must stay on loopback, not {edge.admin[0]}")
    listeners = [door(table, edge)]
    if edge.health:
        listeners.append(health(edge, edge.health))
    return {
        "node": {"id": "gateway", "cluster": "virtubar"},
        "admin": {"address": socket(edge.admin), "ignore_global_conn_limit": True},
        "static_resources": {"listeners": listeners, "clusters": clusters(edge)},
        "layered_runtime": {"layers": [{"name": "settings", "static_layer": RUNTIME}]},
        "overload_manager": {
            "resource_monitors": [
                extension(
                    CONNECTIONS,
                    "resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    max_active_downstream_connections=edge.max_connections,
                )
            ]
        },
    }


def written(config: Config) -> str:
    """The configuration as Envoy reads it from a file named *.json."""
    return json.dumps(config, indent=2) + "\n"
