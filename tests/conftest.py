"""Servers for tests, started when first asked for and once per session.

`postgres`       a cluster: `postgres.admin_url`, `await postgres.database(service)`, `await postgres.drop(databases)`
`database`       `urls = await database("rooms")`: a fresh migrated pair of databases, dropped after the test;
                 urls.runtime, .owner, .keys, .owner_keys, .admin
`redis_server`   `redis_server.url()` for the administrator, `redis_server.url("rooms")` for a service's own user
`kafka`          `kafka.url` of the administrator, `kafka.url_of("rooms")` of a service, `await kafka.clear()`
`bar`            a whole bar, opened by `virtubar up`: `bar.status()`, `bar.virtubar("mail", "--json")`, spans go to
                 `bar.otlp_port`; for one with other options `with open_bar("--nodes", "2", VIRTUBAR_SPLIT="1") as bar`
                 from tests.stack, in a fixture of the module whose name has a `bar` in it
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import hypothesis
import pytest

from deploy import bar as layout
from deploy.native.folder import Folder
from deploy.native.kafka import Kafka
from deploy.native.postgres import Postgres
from deploy.native.redis import Redis
from tests.libs.chassis.serving import free_port
from tests.stack import Databases, KafkaServer, OpenBar, PostgresServer, open_bar, running, session_folder

# A port that is free now may be another worker's in a moment: each picks from 3,000 of its own.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
os.environ["VIRTUBAR_PORT_POOL"] = f"{20_000 + WORKER * 3_000}-{20_000 + WORKER * 3_000 + 2_999}"

hypothesis.settings.register_profile("untimed", deadline=None)  # how fast is for bench/ to say
hypothesis.settings.load_profile("untimed")

Database = Callable[[str], Awaitable[Databases]]


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several workers share the tests, a file stays together, and so do all who want a whole bar: of forty
    processes each, two cores carry one. Those with bars of their own come before the one that stays to the end.
    """

    def wants(item: pytest.Item) -> str:
        known = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
        asked = [name for name, made in known.items() if "bar" in name.split("_") and made[-1].scope != "function"]
        return "the bar" if "bar" in asked else "a bar" if asked else ""

    for item in items:
        item.add_marker(pytest.mark.xdist_group("bar" if wants(item) else item.nodeid.partition("::")[0]))
    items.sort(key=lambda item: ["a bar", "the bar", ""].index(wants(item)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What xdist does not group it spreads, servers, bars and all; nothing else would say so."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert all("@" in item.nodeid for item in session.items), "xdist has not read the groups"


@pytest.fixture(scope="session")
def folder() -> Iterator[Folder]:
    with session_folder() as made:
        yield made


@pytest.fixture(scope="session")
def postgres(folder: Folder) -> Iterator[PostgresServer]:
    port = folder.ports(["postgres"])["postgres"]
    part = Postgres(folder, port, [service.name for service in layout.SERVICES], durable=False)
    with running(part, folder):
        yield PostgresServer(part)


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[Database]:
    made: list[Databases] = []

    async def make(service: str) -> Databases:
        made.append(await postgres.database(service))
        return made[-1]

    yield make
    for databases in made:
        await postgres.drop(databases)


@pytest.fixture(scope="session")
def redis_server(folder: Folder) -> Iterator[Redis]:
    port = folder.ports(["redis"])["redis"]
    part = Redis(folder, port, {service.name: service.redis_keys for service in layout.SERVICES})
    with running(part, folder):
        yield part


@pytest.fixture(scope="session")
def kafka(folder: Folder) -> Iterator[KafkaServer]:
    ports = folder.ports(["kafka", "kafka-controller"])
    part = Kafka(folder, ports["kafka"], ports["kafka-controller"])
    with running(part, folder):
        yield KafkaServer(part)


@pytest.fixture(scope="session")
def bar() -> Iterator[OpenBar]:
    traces = {"VIRTUBAR_OTLP_URL": f"http://127.0.0.1:{free_port()}", "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with open_bar(**traces) as opened:
        yield opened
