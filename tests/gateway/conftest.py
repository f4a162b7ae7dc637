"""A real gateway in front of tiny real upstreams."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import pytest
from joserfc.jwk import ECKey

from deploy.gateway.edge import Edge
from deploy.gateway.envoy import render, written
from deploy.gateway.table import Table, load
from deploy.native.folder import Folder
from deploy.native.process import Command
from tests.gateway.client import Client
from tests.gateway.tokens import AUDIENCE, ISSUER, new_key, token
from tests.gateway.upstreams import node, service, serving
from tests.stack import running

KID = "2026-02"
REQUEST_SECONDS = 3
CONNECTIONS = 5


@dataclass(frozen=True)
class Envoy:
    """Envoy from its wheel, as the native stack runs it."""

    config: Path
    admin: int
    name: str = "gateway"
    roles: tuple[str, ...] = ("proxy",)

    def prepare(self) -> None:
        """Nothing: the configuration is there."""

    def command(self) -> Command:
        envoy = str(Path(sys.executable).with_name("envoy"))
        return Command([envoy, "-c", str(self.config), "--disable-hot-restart", "--concurrency", "1", "-l", "warning"])

    async def probe(self) -> None:
        async with httpx2.AsyncClient(timeout=4, trust_env=False) as http:
            (await http.get(f"http://127.0.0.1:{self.admin}/ready")).raise_for_status()

    async def settle(self) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Gateway:
    """A running gateway: its ports, and the key that signs its tokens. `inventory` is down, `social` is not there."""

    port: int
    health: int
    key: ECKey

    def client(self) -> Client:
        return Client(self.port)

    def bearer(self, **changes: object) -> str:
        return f"Bearer {token(self.key, KID, **changes)}"


def opened(folder: Folder, name: str, edge: Edge, table: Table | None = None) -> AbstractContextManager[None]:
    """A gateway, ready; gone afterwards."""
    documents = folder / f"{name}-documents"
    documents.mkdir()
    (documents / "openapi.json").write_text('{"openapi": "3.1.0"}')
    config = folder / f"{name}.json"
    config.write_text(written(render(table or load(), replace(edge, documents=documents))))
    return running(Envoy(config, edge.admin[1], name), folder)


@pytest.fixture(scope="session")
def gateway(folder: Folder) -> Iterator[Gateway]:
    """Limits as in production; every test comes from an address of its own."""
    names = ["gw", "gw-admin", "gw-health", "gw-service", "gw-down", "gw-node-1", "gw-node-2"]
    ports = folder.ports(names)
    at = {name: ("127.0.0.1", port) for name, port in ports.items()}
    up = {name: [at["gw-service"]] for name in ("identity", "rooms", "moderation")}
    edge = Edge(
        listen=at["gw"],
        admin=at["gw-admin"],
        health=at["gw-health"],
        services={**up, "inventory": [at["gw-down"]], "social": []},
        nodes={"n1": at["gw-node-1"], "n2": at["gw-node-2"]},
        issuer=ISSUER,
        audience=AUDIENCE,
        request_seconds=REQUEST_SECONDS,
    )
    key = new_key(KID)
    with (
        serving(service({"keys": [key.as_dict(private=False)]}), ports["gw-service"]),
        node("n1", ports["gw-node-1"]),
        node("n2", ports["gw-node-2"]),
        opened(folder, "gateway", edge),
    ):
        yield Gateway(ports["gw"], ports["gw-health"], key)


@pytest.fixture(scope="session")
def lonely(folder: Folder) -> Iterator[Gateway]:
    """A small gateway: identity has never been up, rooms may sleep, and nothing may take longer than a second."""
    ports = folder.ports(["lonely", "lonely-admin", "lonely-down", "lonely-service"])
    at = {name: ("127.0.0.1", port) for name, port in ports.items()}
    edge = Edge(
        listen=at["lonely"],
        admin=at["lonely-admin"],
        services={"identity": [at["lonely-down"]], "rooms": [at["lonely-service"]]},
        issuer=ISSUER,
        audience=AUDIENCE,
        max_connections=CONNECTIONS,
    )
    table = load()
    hasty = table.model_copy(update={"routes": tuple(r.model_copy(update={"timeout": 1}) for r in table.routes)})
    with serving(service({}), ports["lonely-service"]), opened(folder, "lonely", edge, hasty):
        yield Gateway(ports["lonely"], 0, new_key(KID))


@pytest.fixture
def client(gateway: Gateway) -> Client:
    return gateway.client()
