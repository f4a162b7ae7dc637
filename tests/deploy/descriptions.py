"""The three descriptions of a bar (native, compose, Kubernetes) brought to one form, so that they can be compared."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from deploy.bar import SERVICES
from deploy.containers import HTTP_PORT, SOCKETS_PORT, edge
from deploy.gateway.envoy import render
from deploy.gateway.table import load
from deploy.kafka.security import ADMIN as KAFKA_ADMIN
from deploy.kubernetes.environment import ADDRESSES
from deploy.native.folder import CHECKOUT, Folder
from deploy.native.native import Native, Options
from deploy.postgres.bootstrap import roles
from deploy.redis.users import users
from libs.contracts.access import USERS
from tests.deploy.cluster import Cluster, Pod

PLACED = {
    *("VIRTUBAR_HTTP_HOST", "VIRTUBAR_HTTP_PORT", "VIRTUBAR_NODE_HOST", "VIRTUBAR_NODE_PORT"),
    *("VIRTUBAR_LAKE_URL", "VIRTUBAR_EVIDENCE_URL", "VIRTUBAR_PEPPER"),
    *("VIRTUBAR_VOICE_TURN_SECRET", "VIRTUBAR_LIVEKIT_API_SECRET"),
}
PASSWORD = re.compile(r"VIRTUBAR_(POSTGRES|REDIS|KAFKA)_PASSWORD_|VIRTUBAR_SECRET_")  # what URLs are filled in from
SECRET = re.compile(r"\$[{(][A-Z0-9_]+(:\?)?[})]")
CHOICE = re.compile(r"\$\{VIRTUBAR_(?:VOICE|LIVEKIT)_[A-Z_]+:-(.*?)\}")  # nobody has chosen


@dataclass
class Description:
    """What one target says of a bar. Addresses, ports and passwords, which must differ, are left out of it."""

    processes: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by name: what follows `python`
    told: dict[str, dict[str, str]] = field(default_factory=dict)  # by process: its environment
    ports: dict[str, set[str]] = field(default_factory=dict)  # by process: http, sockets
    migrations: dict[str, dict[str, str]] = field(default_factory=dict)  # by service: their environment
    routes: set[str] = field(default_factory=set)  # of the gateway
    redis_users: dict[str, tuple[str, ...]] = field(default_factory=dict)  # and what they may reach
    kafka_users: set[str] = field(default_factory=set)
    postgres_roles: set[str] = field(default_factory=set)


def differences(one: Description, other: Description) -> list[str]:
    """Where two descriptions do not say the same."""
    found = []
    for part in fields(Description):
        a, b = getattr(one, part.name), getattr(other, part.name)
        if isinstance(a, set):
            found += [f"{part.name}: {name}" for name in sorted(a ^ b)]
        else:
            found += [f"{part.name}: {name}" for name in sorted(a.keys() | b.keys()) if a.get(name) != b.get(name)]
    return found


def told(environment: Mapping[str, Any]) -> dict[str, str]:
    """An environment without what differs from place to place: of addresses kind, user and path are left."""
    ours = {name: CHOICE.sub(r"\1", str(value)) for name, value in environment.items() if name.startswith("VIRTUBAR_")}
    return {name: _shape(name, value) for name, value in ours.items() if not PASSWORD.match(name)}


def _shape(name: str, value: str) -> str:
    if name in PLACED:
        return ""
    if not name.endswith("_URL"):
        return value
    where = urlsplit(SECRET.sub("x", value))
    path = "" if name == "VIRTUBAR_NODE_PUBLIC_URL" else where.path
    return f"{where.scheme}://{where.username or ''}{path}"


def routes(config: Mapping[str, Any]) -> set[str]:
    """The names of the gateway's routes, those it answers itself left out."""
    manager = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    hosts = manager["route_config"]["virtual_hosts"]
    return {route["name"] for host in hosts for route in host["routes"] if "direct_response" not in route}


def reach(words: list[str]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.startswith(">"))


def native(root: Path, nodes: int) -> Description:
    """What `virtubar up` starts with VIRTUBAR_SPLIT=1."""
    bar = Native(Folder.make(root), Options(split=True, nodes=nodes)).bar
    lines = users({service.name: service.redis_keys for service in SERVICES}, lambda _: "")
    return Description(
        processes={process.name: process.argv for process in bar.processes},
        told={process.name: told(bar.environment(process)) for process in bar.processes},
        ports={p.name: {"http"} if p.node is None else {"http", "sockets"} for p in bar.processes},
        migrations={service.name: told(bar.migration(service)) for service in SERVICES},
        routes=routes(render(load(), edge(bar))),
        redis_users={line[0]: reach(line[1:]) for line in lines},
        kafka_users=set(USERS),
        postgres_roles=set(roles()),
    )


def compose(text: str, envoy: str) -> Description:
    """What `docker compose up` starts."""
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    ours = {name: part for name, part in services.items() if _service_of(part) and not name.endswith("-migrate")}
    return Description(
        processes={name: tuple(part["command"]) for name, part in ours.items()},
        told={name: told(part["environment"]) for name, part in ours.items()},
        ports={name: _ports(part["environment"]) for name, part in ours.items()},
        migrations={
            _service_of(part): told(part["environment"])
            for name, part in services.items()
            if name.endswith("-migrate") and part["command"][2:] == ["migrate"]
        },
        routes=routes(json.loads(envoy)),
        redis_users=_acl(services["redis"]["command"]),
        kafka_users=_passwords(services["kafka-bootstrap"]["environment"], "KAFKA"),
        postgres_roles=_passwords(services["postgres-bootstrap"]["environment"], "POSTGRES"),
    )


def kubernetes(cluster: Cluster) -> Description:
    """What `kubectl apply` starts. Variables are filled in as the kubelet would; all nodes are one workload."""
    pods = cluster.pods()
    ours = {name: pod for name, pod in pods.items() if _service_of({"command": pod.container.get("args", [])})}
    whole = Description(
        routes=routes(json.loads(_config(cluster))),
        redis_users=_acl(pods["redis"].container["args"]),
        kafka_users=_passwords(cluster.environment(pods["kafka-bootstrap"]), "KAFKA") - {KAFKA_ADMIN},
        postgres_roles=_passwords(cluster.environment(pods["postgres-bootstrap"]), "POSTGRES") - {"postgres"},
    )
    for name, pod in ours.items():
        environment = cluster.environment(pod)
        if pod.kind == "Job":
            whole.migrations[_service_of({"command": pod.container["args"]})] = told(_filled(environment, {}))
            continue
        for filled in _replicas(name, pod, environment):
            whole.processes[filled["POD_NAME"]] = tuple(pod.container["args"])
            whole.told[filled["POD_NAME"]] = told(_filled(environment, filled))
            whole.ports[filled["POD_NAME"]] = {port["name"] for port in pod.container["ports"]}
    # the gateway has routes for nodes that may be added
    spare = {route for route in whole.routes if route.startswith("socket ") and route.split()[1] not in whole.processes}
    whole.routes -= spare
    return whole


def _replicas(name: str, pod: Pod, environment: Mapping[str, str]) -> list[dict[str, str]]:
    """What the cluster knows of each pod. Of others than nodes one stands for all: they are equals."""
    if "VIRTUBAR_NODE_ID" not in environment:
        return [{"POD_NAME": name, "POD_INDEX": "0"}]
    first, count = pod.workload["ordinals"]["start"], pod.workload["replicas"]
    return [{"POD_NAME": f"{name}-{n}", "POD_INDEX": str(n)} for n in range(first, first + count)]


def _filled(environment: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    places = {**ADDRESSES, **known}
    return {
        name: re.sub(r"\$\((\w+)\)", lambda found: places.get(found[1], found[0]), value)
        for name, value in environment.items()
    }


def _config(cluster: Cluster) -> str:
    mounted = cluster.pods()["gateway"].spec["volumes"]
    (name,) = (v["configMap"]["name"] for v in mounted if v["name"] == "gateway")
    return str(cluster.named("ConfigMap")[name]["data"]["envoy.json"])


def _acl(command: list[str]) -> dict[str, tuple[str, ...]]:
    lines = [line.split() for line in " ".join(command).split(" --user ")[1:]]
    return {line[0]: reach(line[1:]) for line in lines}


def _service_of(part: Mapping[str, Any]) -> str:
    command = part.get("command", [])
    module = command[1] if command[:1] == ["-m"] else ""
    return module.removeprefix("services.") if module.startswith("services.") else ""


def _ports(environment: Mapping[str, str]) -> set[str]:
    named = {"http": "VIRTUBAR_HTTP_PORT", "sockets": "VIRTUBAR_NODE_PORT"}
    expected = {"http": str(HTTP_PORT), "sockets": str(SOCKETS_PORT)}
    return {port for port, name in named.items() if environment.get(name) == expected[port]}


def _passwords(environment: Mapping[str, Any], store: str) -> set[str]:
    prefix = f"VIRTUBAR_{store}_PASSWORD_"
    return {name.removeprefix(prefix).lower() for name in environment if name.startswith(prefix)}


def committed(name: str) -> str:
    return (CHECKOUT / name).read_text()
