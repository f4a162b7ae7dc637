"""Who may speak with whom: nobody, but for what is listed here."""

from collections.abc import Iterator
from typing import Final

from deploy.bar import SERVICES
from deploy.containers import GATEWAY_HEALTH_PORT, GATEWAY_PORT, HTTP_PORT, SOCKETS_PORT, STORE_PORTS
from deploy.kubernetes.pods import FILES, Part

OURS: Final[Part] = {"matchExpressions": [{"key": "virtubar.dev/service", "operator": "Exists"}]}
MONITORING: Final = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
STORES: Final = ("postgres", "redis", "kafka")
TLS: Final = 443
PEERS: Final = "peers"


def policies() -> Iterator[Part]:
    """Every policy. Where stores are elsewhere, an overlay adds the way there."""
    yield policy("nobody", {}, ingress=[], egress=[])
    yield policy("names", {}, egress=[way([{"namespaceSelector": {}}], 53, protocols=("UDP", "TCP"))])
    yield policy(
        "stores-and-keys",
        OURS,
        ingress=[way([MONITORING], HTTP_PORT)],
        egress=[*(_to(store, STORE_PORTS[store]) for store in STORES), _to("identity-api", HTTP_PORT)],
    )
    yield policy("mail", _service("identity"), egress=[_to("mail", STORE_PORTS["mail"])])
    for service in SERVICES:
        if "api" in service.roles:
            name = f"{service.name}-api"
            everybody = [{"podSelector": OURS}] if service.name == "identity" else []
            yield policy(name, named(name), ingress=[way([_peer("gateway"), *everybody], HTTP_PORT)])
        if service.name in FILES:
            anywhere = {"ipBlock": {"cidr": "0.0.0.0/0"}}
            yield policy(f"{service.name}-files", _service(service.name), egress=[way([anywhere], TLS)])
        if service.nodes:
            name = f"{service.name}-node"
            yield policy(name, named(name), ingress=[{"ports": [_port(SOCKETS_PORT)]}])  # from anywhere
    apis = [_to(f"{service.name}-api", HTTP_PORT) for service in SERVICES if "api" in service.roles]
    nodes = [_to(f"{service.name}-node", SOCKETS_PORT) for service in SERVICES if service.nodes]
    yield policy(
        "gateway",
        named("gateway"),
        ingress=[{"ports": [_port(GATEWAY_PORT)]}, way([MONITORING], GATEWAY_HEALTH_PORT)],
        egress=[*apis, *nodes],
    )


def policy(name: str, pods: Part, **directions: list[Part]) -> Part:
    """For some pods the only ways in (`ingress`) and out (`egress`), as `way` has them."""
    keys = {"ingress": "from", "egress": "to"}
    rules = {
        direction: [{keys[direction] if key == PEERS else key: value for key, value in way.items()} for way in ways]
        for direction, ways in directions.items()
    }
    types = [direction.capitalize() for direction in directions]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "virtubar"}},
        "spec": {"podSelector": pods, "policyTypes": types, **rules},
    }


def way(peers: list[Part], port: int, protocols: tuple[str, ...] = ("TCP",)) -> Part:
    """From those peers, or to them: the direction is the rule's."""
    return {"ports": [_port(port, protocol) for protocol in protocols], PEERS: peers}


def _port(port: int, protocol: str = "TCP") -> Part:
    return {"port": port, "protocol": protocol}


def _to(name: str, port: int) -> Part:
    return way([_peer(name)], port)


def _peer(name: str) -> Part:
    return {"podSelector": named(name)}


def named(name: str) -> Part:
    return {"matchLabels": {"app.kubernetes.io/name": name}}


def _service(name: str) -> Part:
    return {"matchLabels": {"virtubar.dev/service": name}}
