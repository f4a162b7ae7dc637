"""A realtime node of ours on the server's core, and what it needs on the others: PostgreSQL, Redis, Kafka, an API."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID, uuid4

import httpx2
import psutil

from bench import servers
from bench.rooms import sample
from bench.rooms.cores import Meter, on_its_core
from bench.rooms.guest import Guest, OurGuest
from bench.rooms.sample import Frames
from bench.rooms.standing import pinging
from deploy.native.folder import Folder
from deploy.native.redis import Redis
from libs.contracts.vocabulary import Theme
from services.rooms.hosting import Plan
from services.rooms.ports import Ticket
from services.rooms.visits import Guest as Holder
from tests.api import Issuer, issuing
from tests.rooms.house import House, house_at
from tests.stack import KafkaServer, PostgresServer
from tests.waiting import until

AT_ONCE: Final = 16
EVERYBODY: Final = {"view_nearest": 100}  # in view in these rooms, as at the peer, and not the 40 nearest alone
STORES: Final = {"postgres", "redis-server"}
ROOMY: Final = {  # everybody comes from one address, and stays for long
    "limit_address_sockets": 100_000,
    "limit_sockets": 100_000,
    "limit_half_open": 10_000,
    "limit_address_half_open": 10_000,
    "access_token_seconds": 86_400,
}


@dataclass(frozen=True)
class Stores:
    folder: Folder
    postgres: PostgresServer
    redis: Redis
    kafka: KafkaServer


@contextmanager
def stores() -> Iterator[Stores]:
    with (
        servers.folder() as where,
        servers.postgres(where) as postgres,
        servers.redis(where) as redis,
        servers.kafka(where) as kafka,
    ):
        yield Stores(where, postgres, redis, kafka)


@dataclass
class Ours:
    """A running node, and the service's own door in this process, so that seats cost nobody an HTTP request."""

    house: House
    issuer: Issuer
    settings: dict[str, str]
    processes: dict[str, psutil.Process]
    stores: list[psutil.Process]
    api_url: str
    name: str = "VirtuBar"
    theme: Theme = "lounge"  # of the rooms it opens

    @property
    def meter(self) -> Meter:
        return Meter(list(self.processes.values()), self.stores)

    async def memory(self) -> int:
        """Resident bytes of the node."""
        return int(self.processes["node"].memory_info().rss)

    async def fill(self, rooms: int, people: int, sampled: int = 0) -> list[list[Guest]]:
        """That many new rooms, of that many people each, all welcomed; the first `sampled` of each keep what comes."""
        turns = asyncio.Semaphore(AT_ONCE)

        here: list[Guest] = []

        async def come(room: UUID, n: int) -> Guest:
            async with turns:
                here.append(guest := await self.arrive(room, sampled=n < sampled))
                return guest

        made = [await self.open_room(people) for _ in range(rooms)]
        async with pinging(here):  # the first have waited long when the last comes
            return [list(await asyncio.gather(*(come(room, n) for n in range(people)))) for room in made]

    async def open_room(self, capacity: int) -> UUID:
        plan = Plan(name="Bench", theme=self.theme, is_private=False, capacity=capacity, region="eu")
        return await self.house.rooms.hosting.create(uuid4(), plan, datetime.now(UTC))

    async def hold(self, room: UUID, user: UUID) -> Ticket:
        """A seat, or another ticket for it."""
        now = datetime.now(UTC)
        return await self.house.rooms.visits.hold(Holder(user, user, now, "web"), room, now)

    async def arrive(self, room: UUID, *, sampled: bool = False) -> OurGuest:
        """Somebody new."""
        user = uuid4()
        held = await self.hold(room, user)
        guest = OurGuest(ticket=held.ticket)
        guest.user, guest.url, guest.sample = user, held.ws_url, [] if sampled else None
        await guest.open(held.ws_url, OurGuest.HEADERS)
        await guest.arrived
        return guest

    async def read(self, viewers: Sequence[Guest]) -> list[Frames]:
        return sample.ours(viewers)


@asynccontextmanager
async def ours(
    where: Stores, settings: Mapping[str, Any] = MappingProxyType({}), *, api: bool = False
) -> AsyncIterator[Ours]:
    """A node on a fresh database, with `settings` by name. With `api` the service's API runs on the same core, too."""
    databases = await where.postgres.database("rooms")
    async with issuing() as issuer, house_at(databases, node_lease_seconds=3.0) as house:
        await where.kafka.furnish()
        told: dict[str, Any] = {
            "database_url": databases.runtime,
            "keys_url": databases.keys,
            "redis_url": where.redis.url("rooms"),
            "kafka_url": where.kafka.url_of("rooms"),
            "jwks_url": issuer.jwks_url,
            **ROOMY,
            **settings,
        }
        env = {f"VIRTUBAR_{name.upper()}": str(value) for name, value in told.items()}
        async with process(where, "realtime", env) as (node, _):
            kept = [each for each in psutil.Process().children() if each.name() in STORES]
            await until(lambda: _has_lease(house), within=30, what="the node's lease")
            made = Ours(house, issuer, env, {"node": node}, kept, "")
            if not api:
                yield made
                return
            async with process(where, "api", env) as (door, url):
                made.processes["api"], made.api_url = door, url
                yield made


@asynccontextmanager
async def process(where: Stores, role: str, env: dict[str, str]) -> AsyncIterator[tuple[psutil.Process, str]]:
    """One role of rooms on the server's core, ready; and the base of its HTTP URLs."""
    port = free_port()
    with where.folder.log(role).open("ab") as log:
        running = await asyncio.create_subprocess_exec(
            *on_its_core([sys.executable, "-m", "services.rooms", role]),
            env={**os.environ, **env, "VIRTUBAR_HTTP_PORT": str(port)},
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx2.AsyncClient(base_url=url) as client:

            async def ready() -> bool:
                if running.returncode is not None:
                    raise RuntimeError(where.folder.log(role).read_text()[-2000:])
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx2.TransportError:
                    return False

            await until(ready, within=60, what=role)
        yield psutil.Process(running.pid), url
    finally:
        if running.returncode is None:
            running.terminate()
            try:
                await asyncio.wait_for(running.wait(), 20)
            except TimeoutError:
                running.kill()
                await running.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def _has_lease(house: House) -> bool:
    asked = "select exists (select from nodes where lease_until > clock_timestamp())"
    return bool(await house.pool.fetchval(asked))
