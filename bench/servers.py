"""A PostgreSQL that syncs its disk, a broker and a Redis, for one benchmark."""

from collections.abc import Iterator
from contextlib import contextmanager

from deploy import bar as layout
from deploy.native.folder import Folder
from deploy.native.kafka import Kafka
from deploy.native.postgres import Postgres
from deploy.native.redis import Redis
from tests.stack import KafkaServer, PostgresServer, running, session_folder


@contextmanager
def folder() -> Iterator[Folder]:
    with session_folder() as made:
        yield made


@contextmanager
def postgres(where: Folder) -> Iterator[PostgresServer]:
    services = [service.name for service in layout.SERVICES]
    part = Postgres(where, where.ports(["postgres"])["postgres"], services)
    with running(part, where):
        yield PostgresServer(part)


@contextmanager
def kafka(where: Folder) -> Iterator[KafkaServer]:
    ports = where.ports(["kafka", "kafka-controller"])
    part = Kafka(where, ports["kafka"], ports["kafka-controller"])
    with running(part, where):
        yield KafkaServer(part)


@contextmanager
def redis(where: Folder) -> Iterator[Redis]:
    part = Redis(where, where.ports(["redis"])["redis"], {each.name: each.redis_keys for each in layout.SERVICES})
    with running(part, where):
        yield part
