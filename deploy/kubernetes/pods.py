"""The pod every process of ours runs in, and what is true of any pod here."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from deploy.bar import Process
from deploy.containers import HTTP_PORT, SOCKETS_PORT, USER, VERSION

Part = dict[str, Any]
SECURE: Final[Part] = {
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
SEALED: Final[Part] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
RESOURCES: Final[dict[str, Part]] = {
    "": {"requests": {"cpu": "100m", "memory": "160Mi"}, "limits": {"memory": "512Mi"}},
    "realtime": {"requests": {"cpu": "500m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
    "sink": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
}
SCRATCH: Final = ("/tmp",)  # noqa: S108  (of the container)
NOTHING: Final[Mapping[str, str]] = {}
FILES: Final = {"analytics", "moderation"}  # who keeps files in the object store


def labels(service: str, role: str, name: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": role,
        "app.kubernetes.io/part-of": "virtubar",
        "virtubar.dev/service": service,
    }


def meta(name: str, carried: dict[str, str]) -> Part:
    return {"name": name, "labels": carried}


def image(service: str) -> str:
    return f"virtubar/{service}:{VERSION}"


def told_from(service: str) -> list[Part]:
    """Whole documents a container is told: settings all have, and where there are files how to reach them."""
    files = [{"secretRef": {"name": "objects", "optional": True}}] if service in FILES else []
    return [{"configMapRef": {"name": "settings"}}, *files]


def pod(
    carried: dict[str, str],
    container: Part,
    *,
    user: int = USER,
    writes: Sequence[str] = SCRATCH,
    configs: Mapping[str, str] = NOTHING,
    data: str | None = None,
    **more: Any,
) -> Part:
    """A pod template under the restricted pod security standard.

    `writes` are folders of no consequence, `configs` ConfigMaps by where they are mounted, `data` where the volume
    `data` is.
    """
    scratch = [{"name": f"scratch-{n}", "mountPath": path} for n, path in enumerate(writes)]
    mounts = [{"name": name, "mountPath": path, "readOnly": True} for path, name in configs.items()]
    kept = [{"name": "data", "mountPath": data}] if data else []
    volumes = [
        *({"name": mount["name"], "emptyDir": {}} for mount in scratch),
        *({"name": name, "configMap": {"name": name}} for name in configs.values()),
    ]
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,  # they would be variables named after other services
        "securityContext": {**SECURE, "runAsUser": user, "runAsGroup": user, "fsGroup": user},
        "containers": [{**container, "securityContext": SEALED, "volumeMounts": [*kept, *mounts, *scratch]}],
        "volumes": volumes,
        **more,
    }
    return {"metadata": {"labels": carried}, "spec": spec}


def process_container(process: Process, env: list[Part]) -> Part:
    """The container of one process, asked by its own health endpoints."""
    ports = [{"name": "http", "containerPort": HTTP_PORT}]
    if process.node:
        ports.append({"name": "sockets", "containerPort": SOCKETS_PORT})
    return {
        "name": "service",
        "image": image(process.service.name),
        "args": list(process.argv),
        "ports": ports,
        "envFrom": told_from(process.service.name),
        "env": env,
        "resources": RESOURCES.get(process.role, RESOURCES[""]),
        # alive long before it is ready: some read topics to their end first
        "startupProbe": _asked("/healthz", periodSeconds=1, failureThreshold=60),
        "livenessProbe": _asked("/healthz", periodSeconds=10, failureThreshold=6),
        "readinessProbe": _asked("/readyz", periodSeconds=5, failureThreshold=2),
        # until no gateway sends anything any more
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
    }


def _asked(path: str, **how: int) -> Part:
    return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 4, **how}
