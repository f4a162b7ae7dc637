"""The bar as it runs on this machine: its stores and processes, all on loopback, all kept in one folder."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.bar import SERVICES, Address, Bar, processes
from deploy.native.errors import BarError, NotRunning
from deploy.native.folder import Folder, default_root
from deploy.native.kafka import Kafka
from deploy.native.ports import HOST
from deploy.native.postgres import Postgres
from deploy.native.redis import Redis
from deploy.postgres.bootstrap import keys_database
from deploy.secrets import variable

DATABASE = "virtubar"
MOST_NODES = 64
PORTS = ("gateway", "gateway-admin", "postgres", "redis", "kafka", "kafka-controller", "smtp")


@dataclass(frozen=True)
class Options:
    """What can be chosen when a bar opens: one process per role or per service, and how many realtime nodes."""

    split: bool = False
    nodes: int = 1

    @classmethod
    def chosen(cls, nodes: int | None = None) -> "Options":
        """VIRTUBAR_SPLIT and VIRTUBAR_NODES, the latter unless `nodes` is given."""
        number = str(nodes) if nodes is not None else os.environ.get("VIRTUBAR_NODES") or "1"
        if not number.isdecimal() or not 1 <= int(number) <= MOST_NODES:
            raise BarError(f"a bar cannot have {number} realtime nodes", f"choose a number from 1 to {MOST_NODES}")
        return cls(split=os.environ.get("VIRTUBAR_SPLIT", "0") not in ("", "0"), nodes=int(number))


class Native:
    """Every part, with the ports and passwords of its folder. It is the `Stores` of its `Bar`."""

    def __init__(self, folder: Folder, options: Options, *, base: int | None = None) -> None:
        ours = processes(split=options.split, nodes=options.nodes)
        ports = folder.ports([*PORTS, *(port for process in ours for port in process.ports)], base=base)
        names = [service.name for service in SERVICES]
        self.folder = folder
        self.options = options
        self.ports = ports
        self.postgres = Postgres(folder, ports["postgres"], names)
        self.redis = Redis(folder, ports["redis"], {service.name: service.redis_keys for service in SERVICES})
        self.kafka = Kafka(folder, ports["kafka"], ports["kafka-controller"])
        self.bar = Bar(ours, {name: Address(HOST, port) for name, port in ports.items()}, self)

    @classmethod
    def opened(cls, root: Path | None = None) -> "Native":
        """The bar of a data folder as it was opened last; raises NotRunning when it never was."""
        folder = Folder(root or default_root())
        if (options := folder.read("options.json")) is None:
            raise NotRunning(f"there is no bar in {folder.root}", "make up")
        return cls(folder, Options(**options))

    def remember(self) -> None:
        """Keep the options, for `opened`."""
        self.folder.keep("options.json", asdict(self.options))

    @property
    def gateway_url(self) -> str:
        return f"http://{self.bar.addresses['gateway']}"

    @property
    def mailbox(self) -> Path:
        """The file of the local mailbox, one JSON object a line."""
        return self.folder / "mail" / "mailbox.jsonl"

    @property
    def kafka_admin_url(self) -> str:
        """For those who may do everything at the broker."""
        return self.kafka.url()

    def kafka_url(self, user: str) -> str:
        return self.kafka.url(user)

    @property
    def smtp_url(self) -> str:
        return f"smtp://{self.bar.addresses['smtp']}"

    @property
    def lake_url(self) -> str:
        return str(self.folder / "lake")

    def database_url(self, service: str) -> str:
        return self.postgres.url(service, DATABASE)

    def owner_database_url(self, service: str) -> str:
        return self.postgres.url(f"{service}_owner", DATABASE)

    def keys_url(self, service: str) -> str:
        return self.postgres.url(service, keys_database(DATABASE))

    def redis_url(self, service: str) -> str:
        return self.redis.url(service)

    def secret(self, name: str) -> str:
        """Drawn, unless whoever opens the bar shares it with somebody else."""
        return os.environ.get(variable(name)) or self.folder.password(name)

    def chosen(self, name: str, default: str) -> str:
        return os.environ.get(f"VIRTUBAR_{name}", default)
