"""Apache Kafka in KRaft mode: one node that is broker and controller, on loopback."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.kafka.bootstrap import bootstrap
from deploy.kafka.grants import grants
from deploy.kafka.security import ADMIN, CONTROLLER, security
from deploy.native.errors import BarError, HalfMade
from deploy.native.folder import Folder, write
from deploy.native.jars import jars
from deploy.native.ports import HOST
from deploy.native.process import Command, run
from libs.chassis.kafka import MECHANISM
from libs.chassis.kafka import Kafka as Client
from libs.contracts.access import USERS

LOGINS = "kafka-logins"  # what is remembered of a broker that was formatted with its administrator
LOG4J = Path(__file__).with_name("log4j2.properties")
HEAP = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError")


@dataclass(frozen=True)
class Kafka:
    """The broker, which asks for a login. Topics are made by the services' migrations, never by the broker itself."""

    folder: Folder
    port: int
    controller_port: int
    name: str = "kafka"
    roles: tuple[str, ...] = ("broker", "controller")

    @property
    def bootstrap(self) -> str:
        """`host:port`."""
        return f"{HOST}:{self.port}"

    def url(self, user: str = ADMIN) -> str:
        """`kafka://user:password@host:port`; without a user the administrator's."""
        return f"kafka://{user}:{self.word(user)}@{self.bootstrap}"

    def word(self, user: str) -> str:
        """The user's password."""
        return self.folder.password(f"kafka/{user}")

    @property
    def data(self) -> Path:
        return self.folder / "kafka" / "data"

    @property
    def properties(self) -> Path:
        return self.folder / "kafka" / "server.properties"

    def settings(self) -> Mapping[str, str]:
        """server.properties.

        The quorum is named by address, so that the ports may change between two starts. The session is short because a
        killed broker is let in again only when its old session has ended (9 s by default).
        """
        controller = f"{HOST}:{self.controller_port}"
        return {
            **security(self.word(ADMIN), self.word(CONTROLLER)),
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"CLIENTS://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"CLIENTS://{self.bootstrap}",
            "log.dirs": str(self.data),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.num.partitions": "8",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "2",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "broker.session.timeout.ms": "4000",
            "broker.heartbeat.interval.ms": "500",
            "log.cleaner.dedupe.buffer.size": "16777216",
        }

    def prepare(self) -> None:
        self.properties.parent.mkdir(exist_ok=True)
        write(self.properties, "".join(f"{key}={value}\n" for key, value in self.settings().items()))
        if (self.data / "meta.properties").exists():
            if not self.folder.made(LOGINS):
                raise HalfMade(f"{self.data} is from a broker that asked for no login", self.folder.start_afresh)
            return
        if self.folder.made(LOGINS):
            raise HalfMade(f"{self.data} is no longer Kafka's data", self.folder.start_afresh)
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted format left
        self._format(self.folder.password("kafka/cluster")[:22])
        self.folder.mark_made(LOGINS)

    def command(self) -> Command:
        return self.tool("kafka.Kafka", str(self.properties), heap=HEAP)

    def tool(self, main: str, *arguments: str, heap: tuple[str, ...] = ("-Xmx128m",)) -> Command:
        """Any program in Kafka's jars, by the name of its class."""
        classpath = f"{jars()}/*"
        argv = [_java(), *heap, f"-Dlog4j2.configurationFile={LOG4J}", "-cp", classpath, main, *arguments]
        return Command(argv, cwd=self.properties.parent)

    async def probe(self) -> None:
        with socket.create_connection((HOST, self.port), timeout=1):
            pass  # before the client library asks, which complains in the log when nobody answers
        admin = Client.parse(self.url()).admin(request_timeout_ms=4000)
        try:
            await admin.start()
            if not (await admin.describe_cluster())["brokers"]:
                raise ConnectionError("the broker has not registered yet")
        finally:
            await admin.close()

    async def settle(self) -> None:
        """Users and what they may do; topics belong to the services."""
        words = {user: self.word(user) for user in USERS}
        await asyncio.to_thread(bootstrap, Client.parse(self.url()), words, grants())

    def _format(self, cluster: str) -> None:
        admin = f"{MECHANISM}=[name={ADMIN},password={self.word(ADMIN)}]"
        words = ["format", f"--cluster-id={cluster}", "-c", str(self.properties), "--add-scram", admin]
        format = self.tool("kafka.tools.StorageTool", *words)
        quiet = self.properties.with_name("format.args")  # arguments can be seen by everybody on the machine
        write(quiet, "\n".join(f'"{word}"' for word in format.argv[1:]))
        try:
            run(Command([format.argv[0], f"@{quiet}"], cwd=format.cwd))
        except subprocess.CalledProcessError as error:
            raise BarError(f"Kafka could not format {self.data}:\n{error.output}", f"rm -rf {self.data}") from error
        finally:
            quiet.unlink()


def _java() -> str:
    if found := shutil.which("java"):
        return found
    raise BarError("there is no Java runtime", "apt-get install openjdk-17-jre-headless")
