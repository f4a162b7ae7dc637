"""The gateway in a cluster: Envoy with the configuration made from the route table."""

from collections.abc import Iterator
from typing import Final

from deploy.bar import Address, Bar
from deploy.containers import DOCUMENTS, GATEWAY_HEALTH_PORT, GATEWAY_PORT, IMAGES, SOCKETS_PORT, edge
from deploy.gateway.edge import Edge
from deploy.kubernetes.environment import MOST_NODES, bar
from deploy.kubernetes.pods import Part, labels, meta, pod
from deploy.kubernetes.workloads import autoscaler, disruption, name_of, spread

NAME: Final = "gateway"
ENVOY: Final = 101  # the user of its image
CONFIG: Final = "/etc/envoy/config"


def cluster_edge() -> Edge:
    """What the gateway is told: services by their names, nodes by the names their pods will have."""
    everybody = bar(MOST_NODES)
    return edge(Bar(everybody.processes, _addresses(everybody), everybody.stores))


def gateway() -> Iterator[Part]:
    """Every object of the gateway."""
    carried = labels("gateway", "proxy", NAME)
    del carried["virtubar.dev/service"]  # it is told no secrets and reaches no store
    selector = {"app.kubernetes.io/name": NAME}
    spec = {
        "selector": {"matchLabels": selector},
        "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": _pod(carried),
    }
    yield {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(NAME, carried), "spec": spec}
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta(NAME, carried),
        "spec": {"selector": selector, "ports": ports},
    }
    yield autoscaler(NAME, carried)
    yield disruption(NAME, carried)


def _addresses(everybody: Bar) -> dict[str, Address]:
    nodes = {
        f"{p.name}-sockets": Address(f"{p.name}.{name_of(p)}", SOCKETS_PORT)
        for p in everybody.processes
        if p.node is not None
    }
    return {**everybody.addresses, **nodes}


def _pod(carried: dict[str, str]) -> Part:
    options = ["--disable-hot-restart", "--log-level", "warning"]
    probe = {"timeoutSeconds": 4, "periodSeconds": 5}
    container = {
        "name": "envoy",
        "image": IMAGES["gateway"],
        "command": ["envoy", "-c", f"{CONFIG}/envoy.json", *options],
        "ports": [
            {"name": "http", "containerPort": GATEWAY_PORT},
            {"name": "health", "containerPort": GATEWAY_HEALTH_PORT},
        ],
        "resources": {"requests": {"cpu": "200m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "health"}, **probe},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "health"}, **probe, "failureThreshold": 6},
        "lifecycle": {"preStop": {"sleep": {"seconds": 10}}},
    }
    return pod(
        carried,
        container,
        user=ENVOY,
        configs={CONFIG: "gateway", str(DOCUMENTS): "gateway-documents"},
        terminationGracePeriodSeconds=30,
        topologySpreadConstraints=spread(NAME),
    )
