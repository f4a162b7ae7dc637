"""Real servers for tests: the same parts the native stack runs, in a folder of this pytest session."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import asyncpg
import psutil

from cli.status import document
from deploy.native.folder import CHECKOUT, Folder
from deploy.native.kafka import Kafka
from deploy.native.native import Native
from deploy.native.part import Part, launch, wait_ready
from deploy.native.postgres import Postgres
from deploy.native.process import stop
from deploy.native.state import State
from deploy.postgres.bootstrap import keys_database, open_databases
from libs.chassis.kafka import Kafka as Client
from libs.chassis.kafka import create_topics
from libs.chassis.postgres import migrate
from libs.chassis.settings import Settings
from libs.contracts.catalogue import dlq_of, topics
from libs.contracts.vocabulary import SERVICES

T = TypeVar("T")


def wait_for(work: Awaitable[T]) -> T:
    """Run `work` in a loop of its own, leaving pytest-asyncio's alone."""

    async def awaited() -> T:
        return await work

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(awaited())


@contextlib.contextmanager
def session_folder() -> Iterator[Folder]:
    """A data folder that the postgres user can reach, gone afterwards."""
    root = Path(tempfile.mkdtemp(prefix="virtubar-test-"))
    try:
        yield Folder.make(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def running(part: Part, folder: Folder) -> Iterator[None]:
    """The part, ready; stopped by its pid afterwards, or by the kernel should pytest die."""
    log = folder.log(part.name)
    started = launch(part, log)
    try:
        wait_for(wait_ready(part, started, log))
        yield
    finally:
        wait_for(stop(started, part.command().stop))


@dataclass(frozen=True)
class OpenBar:
    """A whole bar, opened by `virtubar up` in a folder of its own."""

    root: Path
    env: Mapping[str, str]

    def virtubar(self, *arguments: str, within: float = 300) -> "subprocess.CompletedProcess[str]":
        """Run the `virtubar` command against this bar; the caller looks at `returncode`, `stdout`, `stderr`."""
        command = [sys.executable, "-m", "cli", *arguments]
        env = {**os.environ, **self.env, "VIRTUBAR_DATA": str(self.root)}
        return subprocess.run(
            command, cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=within, check=False
        )

    def status(self) -> dict[str, Any]:
        """What `virtubar status --json` prints, as it is now."""
        native = Native.opened(self.root)
        state = State.load(native.folder)
        assert state is not None
        return document(native, state)

    def process(self, name: str) -> dict[str, Any]:
        """One entry of the status document's `services`."""
        return next(entry for entry in self.status()["services"] if entry["name"] == name)

    @property
    def otlp_port(self) -> int:
        """Where its spans go: nobody listens there unless a test does."""
        return int(self.env["VIRTUBAR_OTLP_URL"].rpartition(":")[2])

    def processes(self) -> list[str]:
        """Every process on this machine whose arguments or environment speak of this bar."""
        return [process.name() for process in psutil.process_iter() if self._speaks_of_us(process)]

    def _speaks_of_us(self, process: psutil.Process) -> bool:
        try:
            told = [*process.cmdline(), *process.environ().values()]
        except psutil.Error:  # it ended while we asked
            return False
        return any(str(self.root) in word for word in told)


@contextlib.contextmanager
def open_bar(*arguments: str, **env: str) -> Iterator[OpenBar]:
    """Open a bar (`arguments` go to `virtubar up`, `env` to every process), close it at the end."""
    with session_folder() as folder:
        shutil.rmtree(folder.root)
        bar = OpenBar(folder.root, {"VIRTUBAR_CLOSE_WITH": str(os.getpid()), "VIRTUBAR_PORT_BASE": "", **env})
        try:
            opened = bar.virtubar("up", *arguments, within=600)
            assert opened.returncode == 0, opened.stderr
            yield bar
        finally:
            closed = bar.virtubar("down")
        assert closed.returncode == 0, closed.stderr
        assert bar.processes() == [], "down leaves no process"


class Databases(NamedTuple):
    """The URLs of one fresh pair of databases, as one service sees them."""

    runtime: str  # role <service>: rows of its own schema
    owner: str  # role <service>_owner: migrations, rebuild
    keys: str  # the database of subject keys, role <service>
    owner_keys: str  # the same, role <service>_owner
    admin: str  # superuser, for what only a test may do
    name: str


@dataclass
class PostgresServer:
    """A running cluster with every service's roles. Making a database copies a template that was migrated once."""

    part: Postgres
    templates: dict[str, Databases] = field(default_factory=dict)

    @property
    def admin_url(self) -> str:
        """The superuser's URL."""
        return self.part.admin_url

    async def database(self, service: str) -> Databases:
        """A fresh pair of databases with the service's schema, migrated."""
        if service not in self.templates:
            self.templates[service] = await self._migrated(service)
        template, fresh = self.templates[service].name, f"t_{uuid.uuid4().hex[:12]}"
        db = await asyncpg.connect(self.part.url("postgres", "postgres"))
        try:
            for made, copied in ((fresh, template), (keys_database(fresh), keys_database(template))):
                await db.execute(f"create database {made} template {copied}")
        finally:
            await db.close()
        await open_databases(self.admin_url, fresh, [service])
        return self._urls(service, fresh)

    async def drop(self, databases: Databases) -> None:
        """Drop a pair, throwing out whoever is still connected."""
        db = await asyncpg.connect(self.part.url("postgres", "postgres"))
        try:
            for name in (databases.name, keys_database(databases.name)):
                await db.execute(f"drop database if exists {name} with (force)")
        finally:
            await db.close()

    async def bare(self, service: str, name: str) -> Databases:
        """A pair of databases with the service's empty schema, not migrated."""
        await open_databases(self.admin_url, name, [service])
        return self._urls(service, name)

    async def _migrated(self, service: str) -> Databases:
        urls = await self.bare(service, f"template_{service}")
        settings = Settings(database_url=urls.runtime, owner_database_url=urls.owner, keys_url=urls.keys)
        await asyncio.to_thread(migrate, settings, service)
        return urls

    def _urls(self, service: str, name: str) -> Databases:
        url, keys = self.part.url, keys_database(name)
        return Databases(
            runtime=url(service, name),
            owner=url(f"{service}_owner", name),
            keys=url(service, keys),
            owner_keys=url(f"{service}_owner", keys),
            admin=url("postgres", name),
            name=name,
        )


@dataclass(frozen=True)
class KafkaServer:
    """A running broker without topics."""

    part: Kafka

    @property
    def url(self) -> str:
        """`kafka://user:password@host:port` of the administrator."""
        return self.part.url()

    def url_of(self, user: str) -> str:
        """The same of a service, or of the analyst."""
        return self.part.url(user)

    async def furnish(self) -> None:
        """Every topic of the contracts, and every service's dead letters."""
        dead_letters = dict.fromkeys(map(dlq_of, SERVICES))
        await create_topics(Client.parse(self.url), {**topics(), **dead_letters}, replication=1)

    async def clear(self) -> None:
        """Delete every topic but the broker's own."""
        admin = Client.parse(self.url).admin()
        await admin.start()
        try:
            if topics := [name for name in await admin.list_topics() if not name.startswith("__")]:
                await admin.delete_topics(topics)
        finally:
            await admin.close()
