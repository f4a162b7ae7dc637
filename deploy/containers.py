"""What compose and Kubernetes have in common: images, ports, and where processes in containers find the stores."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.bar import AUDIENCE, ISSUER, SERVICES, Address, Bar, Process
from deploy.gateway.edge import HERE, Edge
from deploy.gateway.table import load
from deploy.native.folder import CHECKOUT, Folder
from deploy.native.kafka import Kafka
from deploy.postgres.bootstrap import DATABASE, keys_database
from deploy.secrets import variable

VERSION: Final = "0.1.0"
# One place for versions. Envoy's is that of the wheel which the tests and the native stack run.
IMAGES: Final = {
    "postgres": "postgres:17.6-bookworm",
    "redis": "redis:8.2-bookworm",
    "kafka": "apache/kafka:4.3.0",
    "gateway": "envoyproxy/envoy:v1.40.0",
    "mail": "axllent/mailpit:v1.27",
}
HTTP_PORT: Final = 8000
SOCKETS_PORT: Final = 9000
GATEWAY_PORT: Final = 8080
GATEWAY_HEALTH_PORT: Final = 9900
STORE_PORTS: Final = {"postgres": 5432, "redis": 6379, "kafka": 9092, "mail": 1025}
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104  (a container's own network)
USER: Final = 65532
DOCUMENTS: Final = Path("/etc/envoy/documents")


@dataclass(frozen=True)
class Reached:
    """The stores by name. `word` gives what stands for a secret (`redis/rooms`), `place` a store's host:port.

    `choice` gives what stands for a choice: its name, and what it is until somebody chooses.
    """

    word: Callable[[str], str]
    place: Callable[[str], str]
    choice: Callable[[str, str], str]
    lake_url: str

    @property
    def smtp_url(self) -> str:
        return f"smtp://{self.place('mail')}"

    def database_url(self, service: str) -> str:
        return self._postgres(service, DATABASE)

    def owner_database_url(self, service: str) -> str:
        return self._postgres(f"{service}_owner", DATABASE)

    def keys_url(self, service: str) -> str:
        return self._postgres(service, keys_database(DATABASE))

    def redis_url(self, service: str) -> str:
        return f"redis://{service}:{self.word(f'redis/{service}')}@{self.place('redis')}/0"

    def kafka_url(self, user: str) -> str:
        return f"kafka://{user}:{self.word(f'kafka/{user}')}@{self.place('kafka')}"

    def secret(self, name: str) -> str:
        return self.word(name)

    def chosen(self, name: str, default: str) -> str:
        return self.choice(name, default)

    def _postgres(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{self.word(f'postgres/{role}')}@{self.place('postgres')}/{database}"


def addresses(processes: tuple[Process, ...]) -> dict[str, Address]:
    """In containers every process has a host of its own name, and the same ports as all others."""
    http = {process.name: Address(process.name, HTTP_PORT) for process in processes}
    sockets = {f"{p.name}-sockets": Address(p.name, SOCKETS_PORT) for p in processes if p.node is not None}
    return {**http, **sockets}


def edge(bar: Bar) -> Edge:
    """What the gateway in front of such a bar is told."""
    return Edge(
        listen=(EVERYWHERE, GATEWAY_PORT),
        admin=("127.0.0.1", 9901),
        health=(EVERYWHERE, GATEWAY_HEALTH_PORT),
        services={service.name: bar.apis(service.name) for service in SERVICES},
        nodes=bar.nodes(),
        issuer=ISSUER,
        audience=AUDIENCE,
        mounted=DOCUMENTS,
    )


def documents() -> dict[str, Path]:
    """What the gateway answers itself: where it is mounted, and the file in the repository."""
    files = [(HERE / document.file).resolve() for document in load().documents]
    return {str(DOCUMENTS / file.name): file.relative_to(CHECKOUT) for file in files if file.exists()}


class _Elsewhere(Folder):
    """A folder whose passwords are in the environment of the broker."""

    def password(self, who: str) -> str:
        return f"${{env:{variable(who)}}}"


def broker() -> str:
    """server.properties: the settings of the native broker, for one that is reached as `kafka`.

    Passwords are left to the environment. The controller is for the broker beside it alone.
    """
    controller = "127.0.0.1:9093"
    settings = {
        **Kafka(_Elsewhere(Path()), STORE_PORTS["kafka"], 9093).settings(),
        "config.providers": "env",
        "config.providers.env.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"CLIENTS://:{STORE_PORTS['kafka']},CONTROLLER://{controller}",
        "advertised.listeners": f"CLIENTS://kafka:{STORE_PORTS['kafka']}",
        "log.dirs": "/var/lib/kafka/data",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
