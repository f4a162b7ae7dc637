"""The parts that are programs of this repository, and the gateway in front of them."""

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import aiosmtplib
import httpx2

from deploy.bar import AUDIENCE, ISSUER, SERVICES, Process, Service
from deploy.gateway.edge import Edge
from deploy.gateway.envoy import render, written
from deploy.gateway.gather import gather
from deploy.gateway.table import load
from deploy.native.folder import CHECKOUT, write
from deploy.native.native import Native
from deploy.native.ports import HOST
from deploy.native.process import Command

# Limits per client address are for people; natively everyone comes from one. An evening here is a demo: who has left
# for 5 s has gone home. The environment of `up` goes before.
LIMIT_FACTOR = 1000
LIMITS = {
    "VIRTUBAR_LIMIT_CODES_PER_CLIENT": "100000/3600",
    "VIRTUBAR_LIMIT_WRONG_CODES_PER_CLIENT": "100000/3600",
    "VIRTUBAR_LIMIT_ADDRESS_SOCKETS": "20000",
    "VIRTUBAR_LIMIT_ADDRESS_HALF_OPEN": "1000",
    "VIRTUBAR_NIGHT_GAP_SECONDS": "5",
}


async def answers(url: str) -> None:
    """Raise unless a GET is answered with 200."""
    # No TLS is spoken here; loading the trust store for every question would cost 20 ms each.
    async with httpx2.AsyncClient(timeout=4, trust_env=False, verify=False) as http:
        (await http.get(url)).raise_for_status()


@dataclass(frozen=True)
class Ours:
    """A process of one of our services, ready when its /readyz says so."""

    native: Native
    process: Process

    @property
    def name(self) -> str:
        return self.process.name

    @property
    def roles(self) -> tuple[str, ...]:
        return self.process.roles

    def prepare(self) -> None:
        """Nothing: the migration ran before."""

    def command(self) -> Command:
        raised = {name: limit for name, limit in LIMITS.items() if name not in os.environ}
        env = {**self.native.bar.environment(self.process), **raised}
        return Command([sys.executable, *self.process.argv], env, CHECKOUT)

    async def probe(self) -> None:
        await answers(f"http://{self.native.bar.addresses[self.name]}/readyz")

    async def settle(self) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Migration:
    """A service's migrate step: runs to its end before the service's processes start."""

    native: Native
    service: Service

    @property
    def name(self) -> str:
        return f"{self.service.name}-migrate"

    @property
    def roles(self) -> tuple[str, ...]:
        return ("migrate",)

    def command(self) -> Command:
        argv = [sys.executable, "-m", f"services.{self.service.name}", "migrate"]
        return Command(argv, self.native.bar.migration(self.service), CHECKOUT)


@dataclass(frozen=True)
class Mailbox:
    """The local mailbox."""

    native: Native
    name: str = "mail"
    roles: tuple[str, ...] = ("smtp",)

    def prepare(self) -> None:
        """Nothing: it makes its file itself."""

    def command(self) -> Command:
        port = str(self.native.ports["smtp"])
        argv = [sys.executable, "-m", "deploy.native.mailbox", port, str(self.native.mailbox)]
        return Command(argv, cwd=CHECKOUT)

    async def probe(self) -> None:
        async with aiosmtplib.SMTP(hostname=HOST, port=self.native.ports["smtp"], timeout=4, start_tls=False) as smtp:
            await smtp.noop()

    async def settle(self) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Gateway:
    """Envoy from its wheel, with the configuration generated from the route table."""

    native: Native
    name: str = "gateway"
    roles: tuple[str, ...] = ("proxy",)
    program: Path = field(default=Path(sys.executable).with_name("envoy"))

    @property
    def config(self) -> Path:
        return self.native.folder / "gateway" / "envoy.json"

    def prepare(self) -> None:
        folder, table, edge = self.config.parent, load(), self.edge()
        folder.mkdir(exist_ok=True)
        if document := gather(edge.services, table):
            write(folder / "openapi.json", json.dumps(document))
        write(self.config, written(render(table, edge)))

    def edge(self) -> Edge:
        """What the gateway is told."""
        bar = self.native.bar
        return Edge(
            listen=bar.addresses["gateway"],
            admin=bar.addresses["gateway-admin"],
            services={service.name: bar.apis(service.name) for service in SERVICES},
            nodes=bar.nodes(),
            issuer=ISSUER,
            audience=AUDIENCE,
            otlp_url=os.environ.get("VIRTUBAR_OTLP_URL"),
            limit_factor=LIMIT_FACTOR,
            documents=self.config.parent,
        )

    def command(self) -> Command:
        # Hot restart would make two bars on one machine share memory by a number.
        argv = [str(self.program), "-c", str(self.config), "--disable-hot-restart", "--log-level", "warning"]
        return Command([*argv, "--concurrency", "2"], cwd=self.config.parent)

    async def probe(self) -> None:
        await answers(f"http://{self.native.bar.addresses['gateway-admin']}/ready")

    async def settle(self) -> None:
        """Nothing."""
