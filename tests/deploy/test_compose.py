"""docker-compose.yml: lint, and the parts of it that can be run without containers."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis.asyncio
import redis.exceptions
import yaml
from aiokafka.errors import KafkaError

from deploy.containers import documents
from deploy.native.folder import CHECKOUT, Folder
from deploy.native.jars import jars
from deploy.native.part import tail
from deploy.native.process import Command, start, stop
from deploy.secrets import NAMED, drawn, main, variable
from libs.chassis.kafka import Kafka
from tests.waiting import until

BIN = Path(sys.executable).parent
LINT = CHECKOUT / "deploy" / "lint"
COMPOSE = (CHECKOUT / "docker-compose.yml").read_text()


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}  # node comes with the environment
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)


def dclint(file: Path) -> "subprocess.CompletedProcess[str]":
    program = LINT / "node_modules" / ".bin" / "dclint"
    assert program.exists(), "make setup"
    return run(program, "-c", LINT / "dclint.json", "--max-warnings", "0", file)


def compose_lint(file: Path) -> "subprocess.CompletedProcess[str]":
    config = ["--config", str(LINT / "compose-lint.yml"), "--strict-config", "--no-env"]
    return run(BIN / "compose-lint", "check", *config, "--fail-on", "low", file)


def test_the_file_is_of_the_schema_of_compose_and_of_good_style() -> None:
    done = dclint(CHECKOUT / "docker-compose.yml")
    assert done.returncode == 0, done.stdout


def test_the_file_opens_no_door_it_need_not() -> None:
    done = compose_lint(CHECKOUT / "docker-compose.yml")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("wrong", "noticed"),
    [("    prots: ['1:1']", "schema"), ("    privileged: true", "CL-0002")],
    ids=["a key that is none", "a container with all rights"],
)
def test_control_what_is_wrong_is_found(wrong: str, noticed: str, tmp_path: Path) -> None:
    file = tmp_path / "docker-compose.yml"
    file.write_text(COMPOSE.replace("\n  mail:\n", f"\n  mail:\n{wrong}\n"))
    linter = dclint if noticed == "schema" else compose_lint
    done = linter(file)
    assert done.returncode
    assert noticed in done.stdout + done.stderr


def test_the_dockerfile_passes_hadolint(tmp_path: Path) -> None:
    assert run(BIN / "hadolint", CHECKOUT / "deploy" / "Dockerfile").stdout == ""
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /x && sudo pip install fastapi\n")
    assert "DL3006" in run(BIN / "hadolint", tmp_path / "Dockerfile").stdout


def test_whatever_is_waited_for_has_a_health_check_or_an_end() -> None:
    services = yaml.safe_load(COMPOSE)["services"]
    for name, part in services.items():
        for other, how in part.get("depends_on", {}).items():
            once = services[other].get("restart", "").startswith("on-failure")
            assert once == (how["condition"] == "service_completed_successfully"), f"{name} waits for {other}"
            ours = services[other]["image"].startswith("virtubar/")  # the image has a check
            assert once or ours or "healthcheck" in services[other], f"{name} waits for {other}"


def test_everything_mounted_is_there_and_nothing_of_the_gateway_is_missing() -> None:
    services = yaml.safe_load(COMPOSE)["services"]
    mounts = [mount.split(":") for part in services.values() for mount in part.get("volumes", [])]
    assert [source for source, *_ in mounts if source.startswith("./") and not (CHECKOUT / source).exists()] == []
    targets = {mount[1] for mount in mounts}
    read = set(re.findall(r'"filename": "([^"]+)"', (CHECKOUT / "deploy/compose/envoy.json").read_text()))
    assert read == documents().keys() <= targets


def validated(config: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Envoy's own word on a configuration whose documents are laid out in a folder."""
    for target, source in documents().items():
        shutil.copy(CHECKOUT / source, folder / Path(target).name)
    here = folder / "envoy.json"
    here.write_text(config.read_text().replace("/etc/envoy/documents", str(folder)))
    return run(BIN / "envoy", "--mode", "validate", "-c", here)


def test_envoy_accepts_the_configuration(tmp_path: Path) -> None:
    done = validated(CHECKOUT / "deploy/compose/envoy.json", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr


def test_every_secret_is_drawn_once_and_kept(tmp_path: Path) -> None:
    target = tmp_path / ".env"
    main(target)
    first = target.read_text()
    values = dict(NAMED.findall(first))
    needed = set(re.findall(r"\$\{([A-Z0-9_]+):\?\}", COMPOSE))
    assert needed <= values.keys()
    assert len({values[name] for name in needed}) == len(needed)
    assert min(len(values[name]) for name in needed) >= 32
    assert target.stat().st_mode & 0o077 == 0
    main(target)
    assert target.read_text() == first
    assert drawn("NEW=\nOLD=\n", "OLD=kept\n").startswith("OLD=kept\nNEW=")


async def test_redis_takes_its_users_from_the_command_line(tmp_path: Path, folder: Folder) -> None:
    port = folder.ports(["compose-redis"])["compose-redis"]
    given = yaml.safe_load(COMPOSE)["services"]["redis"]["command"]
    argv = [re.sub(r"\$\{(\w+):\?\}", lambda found: f"word-of-{found[1]}", word) for word in given]
    here = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path)]
    started = start(Command([*argv, *here]), tmp_path / "redis.log")
    password = f"word-of-{variable('redis/rooms')}"
    try:
        async with redis.asyncio.from_url(f"redis://rooms:{password}@127.0.0.1:{port}/0") as rooms:
            await until(lambda: answers(rooms), what=tail(tmp_path / "redis.log"))
            with pytest.raises(redis.exceptions.NoPermissionError):
                await rooms.get("identity:1")
        async with redis.asyncio.from_url(f"redis://127.0.0.1:{port}/0") as nobody:
            with pytest.raises(redis.exceptions.AuthenticationError):
                await nobody.get("room:1:members")
    finally:
        await stop(started)


async def answers(client: redis.asyncio.Redis) -> bool:
    try:
        return await client.get("room:1:members") is None
    except redis.exceptions.ConnectionError:
        return False


def script(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


async def test_the_broker_starts_with_its_administrator_and_keeps_its_data(tmp_path: Path, folder: Folder) -> None:
    ports = folder.ports(["compose-kafka", "compose-kafka-controller"])
    settings = (CHECKOUT / "deploy/kafka/server.properties").read_text().replace("//kafka:", "//127.0.0.1:")
    for fixed, ours in (("9092", "compose-kafka"), ("9093", "compose-kafka-controller")):
        settings = settings.replace(f":{fixed}", f":{ports[ours]}")
    properties = tmp_path / "server.properties"
    properties.write_text(settings.replace("/var/lib/kafka/data", str(tmp_path / "data")))
    env = {
        "KAFKA_HOME": str(tmp_path),
        "VIRTUBAR_KAFKA_PASSWORD_VIRTUBAR": "drawn-by-chance",
        "VIRTUBAR_KAFKA_PASSWORD_CONTROLLER": "another",
    }
    # its two programs as Kafka's image has them, made from the jars of the native stack
    script(tmp_path / "bin" / "kafka-storage.sh", f'exec java -cp "{jars()}/*" kafka.tools.StorageTool "$@"')
    script(tmp_path / "bin" / "kafka-server-start.sh", f'exec java -Xmx256m -cp "{jars()}/*" kafka.Kafka "$@"')
    command = Command(["sh", str(CHECKOUT / "deploy/kafka/start.sh"), str(properties)], env)
    log = tmp_path / "kafka.log"
    started = start(command, log)
    try:
        await until(lambda: let_in(f"127.0.0.1:{ports['compose-kafka']}", log), within=60, every=0.3)
    finally:
        await stop(started, signal.SIGKILL)
    script(tmp_path / "bin" / "kafka-storage.sh", "exit 1")
    script(tmp_path / "bin" / "kafka-server-start.sh", "exit 0")
    assert start(command, log).wait(timeout=30) == 0, "formatted again"


async def let_in(broker: str, log: Path) -> bool:
    """Whether the administrator gets in, and nobody else does."""
    admin, stranger = (Kafka.parse(f"kafka://virtubar:{word}@{broker}").admin() for word in ("drawn-by-chance", "x"))
    try:
        await admin.start()
        assert (await admin.describe_cluster())["brokers"]
    except KafkaError as error:
        raise AssertionError(f"{error}\n{tail(log)}") from error
    finally:
        await admin.close()
    with pytest.raises(KafkaError):
        await stranger.start()
    await stranger.close()
    return True
