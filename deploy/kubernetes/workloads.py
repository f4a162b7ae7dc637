"""A service in a cluster: the job that migrates it, and for each of its processes a workload and what goes with it."""

from collections.abc import Iterator
from typing import Final

from deploy.bar import Bar, Process, Service
from deploy.containers import HTTP_PORT, SOCKETS_PORT
from deploy.kubernetes.environment import NODES, of_migration, of_process
from deploy.kubernetes.pods import RESOURCES, Part, image, labels, meta, pod, process_container, told_from

KEEP_THEIR_PLACE: Final = {"consumers", "sink", "realtime"}
"""Roles whose pods have names that stay: members of consumer groups, and nodes that own rooms."""
REPLICAS: Final = {"api": 2, "relay": 2, "consumers": 2, "realtime": NODES}
"""At first; of a relay one leads and one waits. A role that is not here has one pod."""
MOST_APIS: Final = 10
GRACE: Final = 30  # seconds, more than the 10 a process takes at most and the 5 before it is told


def service(bar: Bar, of: Service) -> Iterator[Part]:
    """Every object of one service."""
    ours = [process for process in bar.processes if process.service is of and (process.node or 1) == 1]
    yield _migration(bar, ours[0])
    for process in ours:
        yield from _process(bar, process)


def name_of(process: Process) -> str:
    """The name of a process' workload: all nodes are one."""
    return process.name.removesuffix(f"-{process.node}")


def disruption(name: str, carried: dict[str, str]) -> Part:
    """Never more than one of these goes at a time when nodes of the cluster are drained."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": meta(name, carried),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": _selector(name)}},
    }


def autoscaler(name: str, carried: dict[str, str]) -> Part:
    """As many as their CPU asks for."""
    target = {"type": "Utilization", "averageUtilization": 70}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": meta(name, carried),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": 2,
            "maxReplicas": MOST_APIS,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }


def spread(name: str) -> list[Part]:
    """Over the nodes of the cluster, where it has several."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": _selector(name)},
        }
    ]


def _process(bar: Bar, process: Process) -> Iterator[Part]:
    name, stays = name_of(process), process.role in KEEP_THEIR_PLACE
    carried = labels(process.service.name, process.role, name)
    container = process_container(process, of_process(bar, process, keeps_its_place=stays))
    template = pod(carried, container, terminationGracePeriodSeconds=GRACE, topologySpreadConstraints=spread(name))
    scaled = process.role == "api"
    count = {} if scaled else {"replicas": REPLICAS.get(process.role, 1)}
    spec: Part = {**count, "selector": {"matchLabels": _selector(name)}, "template": template}
    if stays:
        first = {"ordinals": {"start": 1}} if process.node else {}  # nodes are counted from 1 everywhere
        spec = {"serviceName": name, "podManagementPolicy": "Parallel", **first, **spec}
    else:
        spec = {"strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}, **spec}
    kind = "StatefulSet" if stays else "Deployment"
    yield {"apiVersion": "apps/v1", "kind": kind, "metadata": meta(name, carried), "spec": spec}
    yield _headless(process, name, carried)
    if scaled:
        yield autoscaler(name, carried)
    if REPLICAS.get(process.role, 1) > 1:
        yield disruption(name, carried)


def _headless(process: Process, name: str, carried: dict[str, str]) -> Part:
    """A name for each pod: the gateway balances requests itself, and monitoring finds everybody."""
    ports = [{"name": "http", "port": HTTP_PORT, "targetPort": "http"}]
    if process.node:
        ports.append({"name": "sockets", "port": SOCKETS_PORT, "targetPort": "sockets"})
    spec = {"clusterIP": "None", "selector": _selector(name), "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(name, carried), "spec": spec}


def _migration(bar: Bar, process: Process) -> Part:
    service = process.service.name
    name = f"{service}-migrate"
    container = {
        "name": "migrate",
        "image": image(service),
        "args": ["-m", f"services.{service}", "migrate"],
        "envFrom": told_from(service),
        "env": of_migration(bar, process),
        "resources": RESOURCES[""],
    }
    carried = labels(service, "migrate", name)
    spec = {
        "backoffLimit": 10,
        "ttlSecondsAfterFinished": 600,
        "template": pod(carried, container, restartPolicy="OnFailure"),
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta(name, carried), "spec": spec}


def _selector(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name}
