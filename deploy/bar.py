"""The bar on one page: its services, their processes, and what each is told by its environment.

Native, compose and Kubernetes run the same processes with the same environment; this is where all take them from.
Nothing here reads or writes anything. A new service is a line in SERVICES, and in OWN_SETTINGS what it alone is told;
then `make golden`, which writes what compose and Kubernetes read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

JWKS_PATH = "/v1/auth/jwks.json"
CELL = "local"
ISSUER = "https://virtubar.dev"
AUDIENCE = "virtubar"


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Service:
    """One bounded context. `python -m services.<name> all` runs all of `roles` in one process.

    `redis_keys` are the patterns of the keys it may touch; `nodes` says that it has realtime nodes beside its roles.
    """

    name: str
    roles: tuple[str, ...]
    redis_keys: tuple[str, ...]
    nodes: bool = False


SERVICES = (
    Service("identity", ("api", "relay", "consumers"), ("identity:*",)),
    Service(
        "rooms",
        ("api", "relay", "consumers", "sweeper"),
        ("presence:user:*", "room:*", "rl:ws:*", "rooms:*"),
        nodes=True,
    ),
    Service("social", ("api", "relay", "consumers"), ("social:*",)),
    Service("moderation", ("api", "relay", "consumers", "timer"), ("moderation:*",)),
    Service("inventory", ("api", "relay", "consumers"), ("inventory:*",)),
    Service("analytics", ("sink", "relay"), ("analytics:*",)),
)


@dataclass(frozen=True)
class Process:
    """One process of ours: `python -m services.<service> <role>`, where a node also has a number, from 1."""

    name: str
    service: Service
    role: str
    node: int | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that run in it."""
        return self.service.roles if self.role == "all" else (self.role,)

    @property
    def ports(self) -> tuple[str, ...]:
        """The names of the ports it listens on: its HTTP port (API or health alone), a node's sockets."""
        return (self.name,) if self.node is None else (self.name, f"{self.name}-sockets")

    @property
    def argv(self) -> tuple[str, ...]:
        """What follows `python`."""
        return ("-m", f"services.{self.service.name}", self.role)


def processes(*, split: bool = False, nodes: int = 1) -> tuple[Process, ...]:
    """Every process of ours: one for each service, or for each role when `split`, and the realtime nodes."""
    made: list[Process] = []
    for service in SERVICES:
        if split:
            made += [Process(f"{service.name}-{role}", service, role) for role in service.roles]
        else:
            made.append(Process(service.name, service, "all"))
        if service.nodes:
            numbers = range(1, nodes + 1)
            made += [Process(f"{service.name}-node-{n}", service, "realtime", node=n) for n in numbers]
    return tuple(made)


class Stores(Protocol):
    """Where the stores are, with the credentials of each service; and what whoever runs the bar has chosen."""

    @property
    def smtp_url(self) -> str: ...
    @property
    def lake_url(self) -> str: ...
    def database_url(self, service: str) -> str: ...
    def owner_database_url(self, service: str) -> str: ...
    def keys_url(self, service: str) -> str: ...
    def redis_url(self, service: str) -> str: ...
    def kafka_url(self, user: str) -> str: ...
    def secret(self, name: str) -> str: ...
    def chosen(self, name: str, default: str) -> str: ...


@dataclass(frozen=True)
class Bar:
    """One bar: which processes run and where everything listens.

    `addresses` has the ports of all processes by name, and `gateway` and `gateway-admin`. `bind` is where processes
    listen when that is not where they are reached; `public` is what clients are told of nodes, likewise.
    """

    processes: tuple[Process, ...]
    addresses: Mapping[str, Address]
    stores: Stores
    bind: str | None = None
    public: Mapping[str, str] = field(default_factory=dict)

    def apis(self, service: str) -> list[Address]:
        """Where the HTTP API of a service answers."""
        return [self.addresses[p.name] for p in self.processes if p.service.name == service and "api" in p.roles]

    def nodes(self) -> dict[str, Address]:
        """Where each realtime node takes sockets, by its name, as in `/v1/rt/<name>/<room>`."""
        return {p.name: self.addresses[f"{p.name}-sockets"] for p in self.processes if p.node is not None}

    @property
    def jwks_url(self) -> str:
        """The public keys of access tokens."""
        return f"http://{self.apis('identity')[0]}{JWKS_PATH}"

    def environment(self, process: Process) -> dict[str, str]:
        """What a running process is told."""
        service, stores, address = process.service.name, self.stores, self.addresses[process.name]
        common = {
            "VIRTUBAR_CELL": CELL,
            "VIRTUBAR_INSTANCE": str(process.node or 0),
            "VIRTUBAR_DATABASE_URL": stores.database_url(service),
            "VIRTUBAR_KEYS_URL": stores.keys_url(service),
            "VIRTUBAR_REDIS_URL": stores.redis_url(service),
            "VIRTUBAR_KAFKA_URL": stores.kafka_url(service),
            "VIRTUBAR_JWKS_URL": self.jwks_url,
            "VIRTUBAR_ISSUER": ISSUER,
            "VIRTUBAR_AUDIENCE": AUDIENCE,
            "VIRTUBAR_HTTP_HOST": self.bind or address.host,
            "VIRTUBAR_HTTP_PORT": str(address.port),
        }
        own = OWN_SETTINGS.get(service)
        return {**common, **(own(stores) if own else {}), **self._node(process)}

    def migration(self, service: Service) -> dict[str, str]:
        """What `python -m services.<service> migrate` (or a rebuild) is told."""
        process = next(p for p in self.processes if p.service is service)
        owner = {"VIRTUBAR_OWNER_DATABASE_URL": self.stores.owner_database_url(service.name)}
        return {**self.environment(process), **owner}

    def _node(self, process: Process) -> dict[str, str]:
        if process.node is None:
            return {}
        sockets = self.addresses[f"{process.name}-sockets"]
        return {
            "VIRTUBAR_NODE_ID": process.name,
            "VIRTUBAR_NODE_HOST": self.bind or sockets.host,
            "VIRTUBAR_NODE_PORT": str(sockets.port),
            "VIRTUBAR_NODE_PUBLIC_URL": self.public.get(process.name, f"ws://{sockets}"),
        }


def _identity(stores: Stores) -> dict[str, str]:
    return {
        "VIRTUBAR_SMTP_URL": stores.smtp_url,
        "VIRTUBAR_MAIL_FROM": "bar@virtubar.example",
        "VIRTUBAR_PEPPER": stores.secret("pepper"),
    }


def _analytics(stores: Stores) -> dict[str, str]:
    return {"VIRTUBAR_LAKE_URL": stores.lake_url}


def evidence_url(stores: Stores) -> str:
    """Where rooms puts what it seals, and moderation finds it: beside the lake."""
    beside, _, _ = stores.lake_url.rpartition("/")
    return f"{beside}/evidence" if "://" in beside else f"file://{beside}/evidence"


def _evidence(stores: Stores) -> dict[str, str]:
    return {"VIRTUBAR_EVIDENCE_URL": evidence_url(stores)}


VOICE: Mapping[str, str] = {
    "VOICE_ADAPTER": "mesh",
    "VOICE_STUN_URLS": "[]",
    "VOICE_TURN_URLS": "[]",
    "LIVEKIT_URL": "",
    "LIVEKIT_PUBLIC_URL": "",
    "LIVEKIT_API_KEY": "",
}
"""By which way voices go (services/rooms/settings.py); until somebody chooses, from browser to browser."""


def _rooms(stores: Stores) -> dict[str, str]:
    return {
        **_evidence(stores),
        **{f"VIRTUBAR_{name}": stores.chosen(name, default) for name, default in VOICE.items()},
        "VIRTUBAR_VOICE_TURN_SECRET": stores.secret("turn"),
        "VIRTUBAR_LIVEKIT_API_SECRET": stores.secret("livekit"),
    }


OWN_SETTINGS: Mapping[str, Callable[[Stores], dict[str, str]]] = {
    "identity": _identity,
    "analytics": _analytics,
    "rooms": _rooms,
    "moderation": _evidence,
}
