"""Our own processes in compose: for each service a migration, and a container for each role."""

from typing import Any, Final

from deploy.bar import SERVICES, Bar, Process, Service
from deploy.containers import SOCKETS_PORT, USER, VERSION
from deploy.written import MERGE, Lines

Part = dict[str, Any]
TAG: Final = f"${{VIRTUBAR_VERSION:-{VERSION}}}"
HERE: Final = "${VIRTUBAR_BIND:-127.0.0.1}"  # the address everything is published on
ORDER: Final = (
    *(MERGE, "image", "build", "pull_policy", "user", "depends_on", "volumes", "environment", "networks", "ports"),
    *("entrypoint", "command", "healthcheck", "restart"),
)
STORES: Final = ("kafka", "postgres", "redis")
BOOTSTRAPPED: Final = ("kafka", "postgres")
MEMORY: Final = {"analytics": "1g"}
FIRST_SOCKETS_PORT: Final = 9001  # published: a node's number more than 9000

HARD: Final[Part] = {
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "pids_limit": 256,
    "logging": {"driver": "local", "options": {"max-size": "10m", "max-file": "3"}},
}
OURS: Final[Part] = {
    **HARD,
    "user": f"{USER}:{USER}",
    "read_only": True,
    "tmpfs": ["/tmp"],  # noqa: S108  (of the container)
    "init": True,
    "mem_limit": "512m",
    "cpus": 1.0,
    "stop_grace_period": "20s",
    "restart": "unless-stopped",
}


def image(service: str) -> str:
    return f"virtubar/{service}:{TAG}"


def build(service: str, **more: str) -> Part:
    return {"context": ".", "dockerfile": "deploy/Dockerfile", "args": {"SERVICE": service}, **more}


def published(port: int, of_container: int) -> Part:
    return {"target": of_container, "published": str(port), "host_ip": HERE}


def in_order(part: Part) -> Part:
    """The same, what matters most first."""
    return dict(sorted(part.items(), key=lambda item: ORDER.index(item[0]) if item[0] in ORDER else len(ORDER)))


class Described:
    """What one service has in common, and its containers."""

    def __init__(self, bar: Bar, service: Service, folder: str | None) -> None:
        self.bar, self.service = bar, service
        self.ours = [process for process in bar.processes if process.service is service]
        self.environment = bar.environment(self.ours[0])
        self.common: Part = {
            "image": image(service.name),
            "pull_policy": "never",
            "depends_on": {
                f"{service.name}-migrate": {"condition": "service_completed_successfully"},
                **{store: {"condition": "service_healthy"} for store in STORES},
            },
            "environment": self.environment,
            **({"mem_limit": MEMORY[service.name]} if service.name in MEMORY else {}),
            **({"volumes": Lines([f"{folder}:/data"])} if folder else {}),
        }

    def containers(self) -> dict[str, Part]:
        """By name: the migration, which builds the image, then each process."""
        return {f"{self.service.name}-migrate": self._migration(), **{p.name: self._process(p) for p in self.ours}}

    def _migration(self) -> Part:
        environment = self.bar.migration(self.service)
        own = {name: value for name, value in environment.items() if self.environment.get(name) != value}
        return {
            MERGE: [self.common, OURS],
            "build": build(self.service.name),
            "pull_policy": "build",
            "depends_on": {
                f"{store}-bootstrap": {"condition": "service_completed_successfully"} for store in BOOTSTRAPPED
            },
            "environment": {MERGE: self.environment, **own},
            "networks": ["inside"],
            "command": ["-m", f"services.{self.service.name}", "migrate"],
            "healthcheck": {"disable": True},
            "restart": "on-failure:5",
        }

    def _process(self, process: Process) -> Part:
        part: Part = {MERGE: [self.common, OURS]}
        environment = self.bar.environment(process)
        if environment != self.environment:
            differs = {name: value for name, value in environment.items() if self.environment.get(name) != value}
            part["environment"] = {MERGE: self.environment, **differs}
        if process.node is None:
            return part | {"networks": ["inside"], "command": list(process.argv)}
        port = FIRST_SOCKETS_PORT + process.node - 1
        return part | {
            "networks": ["inside", "outside"],
            "ports": [published(port, SOCKETS_PORT)],
            "command": list(process.argv),
        }


def described(bar: Bar, folders: dict[str, str]) -> list[Described]:
    """Every service; `folders` names the volume of those that keep files."""
    return [Described(bar, service, folders.get(service.name)) for service in SERVICES]
