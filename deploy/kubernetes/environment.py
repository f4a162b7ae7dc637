"""What pods are told: where things are by ConfigMap, passwords by Secret, who a pod is by the cluster.

A value may hold `$(NAME)`, which Kubernetes fills in from variables named before it: `references`.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from deploy.bar import VOICE, Bar, Process, processes
from deploy.containers import EVERYWHERE, Reached, addresses
from deploy.secrets import variable

NODES: Final = 2
MOST_NODES: Final = 16  # that the gateway has a route to
PLACES: Final = "places"
"""The ConfigMap that says where the stores are, and what else is chosen; an overlay changes it."""
ADDRESSES: Final[Mapping[str, str]] = {
    "POSTGRES": "postgres:5432",
    "REDIS": "redis:6379",
    "KAFKA": "kafka:9092",
    "MAIL": "mail:1025",
    "BUCKET": "virtubar",  # of the lake and of evidence
    "SOCKETS_URL": "ws://localhost:8080",  # how clients reach realtime nodes: here, by the gateway
    **VOICE,
}
OF_THE_POD: Final = {"POD_NAME": "metadata.name", "POD_INDEX": "metadata.labels['apps.kubernetes.io/pod-index']"}
NAMED: Final = re.compile(r"\$\(([A-Z0-9_]+)\)")


def bar(nodes: int = NODES) -> Bar:
    """The bar as a cluster runs it: a workload for each role, and one for all nodes."""
    ours = processes(split=True, nodes=nodes)
    stores = Reached(
        lambda secret: f"$({variable(secret)})",
        lambda store: f"$({store.upper()})",
        lambda name, _: f"$({name})",
        lake_url="s3://$(BUCKET)/lake",
    )
    public = {process.name: "$(SOCKETS_URL)" for process in ours if process.node}
    return Bar(ours, addresses(ours), stores, bind=EVERYWHERE, public=public)


def settings(bar: Bar) -> dict[str, str]:
    """What every process is told alike."""
    first, *others = (bar.environment(process) for process in bar.processes)
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def of_process(bar: Bar, process: Process, *, keeps_its_place: bool) -> list[dict[str, Any]]:
    """The `env` of a container: what differs from the settings all have."""
    told = {name: value for name, value in bar.environment(process).items() if name not in settings(bar)}
    if keeps_its_place:
        told["VIRTUBAR_INSTANCE"] = "$(POD_INDEX)"
    if process.node:
        told["VIRTUBAR_NODE_ID"] = "$(POD_NAME)"
    return [*references(told.values(), process.service.name), *_plain(told)]


def of_migration(bar: Bar, process: Process) -> list[dict[str, Any]]:
    """The `env` of a service's migration, which alone is told the owner's password."""
    told = {name: value for name, value in bar.migration(process.service).items() if name not in settings(bar)}
    service = process.service.name
    return [*references(told.values(), service, owner=f"{service}-owner"), *_plain(told)]


def references(values: Iterable[str], secret: str, *, owner: str | None = None) -> list[dict[str, Any]]:
    """The variables that values name. Passwords are in `secret`, those of owners in `owner` where that is another."""
    named = dict.fromkeys(name for value in values for name in NAMED.findall(value))
    return [_reference(name, owner if owner and name.endswith("_OWNER") else secret) for name in named]


def _plain(told: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in told.items()]


def _reference(name: str, secret: str) -> dict[str, Any]:
    if path := OF_THE_POD.get(name):
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
    if name in ADDRESSES:
        return {"name": name, "valueFrom": {"configMapKeyRef": {"name": PLACES, "key": name}}}
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": name}}}
