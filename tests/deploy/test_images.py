"""What an image does, without building one: a service with `libs/` alone, in an environment of its own, is ready."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from deploy.bar import SERVICES, Address, Bar, Process, Service, processes
from deploy.native.errors import NeverReady
from deploy.native.folder import CHECKOUT, Folder
from deploy.native.part import tail
from deploy.native.process import Command, start, stop
from deploy.native.redis import Redis
from deploy.postgres.bootstrap import roles
from deploy.secrets import variable
from libs.contracts.access import USERS
from tests.stack import Databases, KafkaServer, PostgresServer
from tests.waiting import until

UV = CHECKOUT / ".uv" / "bin" / "uv"


@dataclass(frozen=True)
class Given:
    """The stores of this pytest session, as one service's `Stores`."""

    databases: Databases
    redis: Redis
    kafka: KafkaServer
    lake_url: str
    smtp_url: str = "smtp://127.0.0.1:1"

    def database_url(self, service: str) -> str:
        return self.databases.runtime

    def owner_database_url(self, service: str) -> str:
        return self.databases.owner

    def keys_url(self, service: str) -> str:
        return self.databases.keys

    def redis_url(self, service: str) -> str:
        return self.redis.url(service)

    def kafka_url(self, user: str) -> str:
        return self.kafka.url_of(user)

    def secret(self, name: str) -> str:
        return "only for this test, and long enough"

    def chosen(self, name: str, default: str) -> str:
        return default


def lay_out(service: str, target: Path) -> None:
    """What the Dockerfile copies, and what it compiles."""
    made = shutil.ignore_patterns("__pycache__", "*.c", "*.so")
    shutil.copytree(CHECKOUT / "libs", target / "libs", ignore=made)
    shutil.copytree(CHECKOUT / "services" / service, target / "services" / service, ignore=made)
    shutil.copy(CHECKOUT / "services" / "__init__.py", target / "services")
    if list(target.glob("services/**/*.pyx")):
        subprocess.run([sys.executable, "-m", "deploy.compile"], cwd=target, check=True)


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("image") / "venv"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, made], check=True)
    return made


def install(requirements: str, venv: Path) -> Path:
    """Leave in an environment what the Dockerfile installs, and nothing else; its Python.

    One environment for all, for what is compiled once.
    """
    pinned, python = CHECKOUT / "requirements" / f"{requirements}.txt", venv / "bin" / "python"
    only = ["--require-hashes", "--only-binary", ":all:"]
    subprocess.run([UV, "pip", "sync", "--quiet", *only, "--python", python, pinned], check=True)
    return python


@dataclass(frozen=True)
class Image:
    """One service, laid out and installed."""

    root: Path
    python: Path

    def command(self, *argv: str, env: Mapping[str, str]) -> Command:
        bare = {name: "" for name in os.environ if name.startswith(("VIRTUBAR", "PYTHON"))}
        return Command([str(self.python), *argv], {**bare, **env}, self.root)

    def run(self, *argv: str, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        command = self.command(*argv, env=env)
        told = {**os.environ, **command.env}
        return subprocess.run(command.argv, env=told, cwd=self.root, capture_output=True, text=True)


@asynccontextmanager
async def running(image: Image, bar: Bar, ours: Sequence[Process], logs: Path) -> AsyncIterator[None]:
    """Processes of the bar, from the image, ready; stopped in good order afterwards."""
    started = {
        process.name: start(image.command(*process.argv, env=bar.environment(process)), logs / process.name)
        for process in ours
    }

    async def all_ready() -> bool:
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as http:
            for name, process in started.items():
                if process.poll() is not None:
                    raise NeverReady(f"{name} ended\n{tail(logs / name)}", "")
                try:
                    answer = await http.get(f"http://{bar.addresses[name]}/readyz")
                except httpx2.HTTPError:
                    return False
                if answer.status_code != httpx2.codes.OK:
                    return False
        return True

    try:
        await until(all_ready, within=90)
        yield
    finally:
        await asyncio.gather(*(stop(process) for process in started.values()))
    assert {process.returncode for process in started.values()} == {0}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_a_service_alone_with_the_libraries_gets_ready(
    service: Service,
    venv: Path,
    tmp_path: Path,
    folder: Folder,
    postgres: PostgresServer,
    redis_server: Redis,
    kafka: KafkaServer,
) -> None:
    image = Image(tmp_path, install(service.name, venv))
    lay_out(service.name, tmp_path)
    await kafka.furnish()
    databases = await postgres.bare(service.name, f"image_{service.name}")
    stores = Given(databases, redis_server, kafka, str(tmp_path / "lake"))
    everything = processes()
    ports = folder.ports([port for process in everything for port in process.ports])
    bar = Bar(everything, {name: Address("127.0.0.1", port) for name, port in ports.items()}, stores)
    ours = [process for process in everything if process.service is service]

    migrated = image.run("-m", f"services.{service.name}", "migrate", env=bar.migration(service))
    assert migrated.returncode == 0, migrated.stderr
    async with running(image, bar, ours, tmp_path / "logs"):
        probe = [image.run("-m", "libs.chassis.probe", env=bar.environment(process)) for process in ours]
    assert [done.returncode for done in probe] == [0] * len(ours)
    stopped = image.run("-m", "libs.chassis.probe", env=bar.environment(ours[0]))
    assert stopped.returncode == 1


def test_control_a_service_with_the_packages_of_another_does_not_start(venv: Path, tmp_path: Path) -> None:
    image = Image(tmp_path, install("social", venv))
    lay_out("identity", tmp_path)
    assert "ModuleNotFoundError" in image.run("-m", "services.identity", "migrate", env={}).stderr


def test_control_rooms_without_what_is_compiled_does_not_start(venv: Path, tmp_path: Path) -> None:
    image = Image(tmp_path, install("rooms", venv))
    lay_out("rooms", tmp_path)
    for module in tmp_path.glob("services/**/*.so"):
        module.unlink()
    assert "services.rooms.realtime.hot" in image.run("-m", "services.rooms", "migrate", env={}).stderr


async def test_roles_and_users_are_made_by_an_image_of_their_own(
    venv: Path, postgres: PostgresServer, kafka: KafkaServer, tmp_path: Path
) -> None:
    image = Image(tmp_path, install("stores", venv))
    bytecode = shutil.ignore_patterns("__pycache__")
    for name in ("libs", "deploy/postgres", "deploy/kafka"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=bytecode)
    for name in ("__init__.py", "bar.py", "secrets.py"):
        shutil.copy(CHECKOUT / "deploy" / name, tmp_path / "deploy")
    word = postgres.part.folder.password
    env = {
        "VIRTUBAR_ADMIN_DATABASE_URL": postgres.part.url("postgres", "postgres"),
        "VIRTUBAR_KAFKA_ADMIN_URL": kafka.url,
        **{variable(secret): word(secret) for secret in (f"postgres/{role}" for role in roles())},
        **{variable(secret): word(secret) for secret in (f"kafka/{user}" for user in USERS)},
    }
    for store in ("postgres", "kafka"):
        done = image.run("-m", f"deploy.{store}.bootstrap", env=env)
        assert done.returncode == 0, done.stderr
        forgotten = variable(f"{store}/rooms")
        refused = image.run("-m", f"deploy.{store}.bootstrap", env={**env, forgotten: ""})
        assert refused.returncode
        assert forgotten in refused.stderr
