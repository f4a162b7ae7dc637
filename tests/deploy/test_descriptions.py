"""Native, compose and Kubernetes describe one bar: what one has and another lacks fails here."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.native.folder import CHECKOUT
from tests.deploy.cluster import Cluster
from tests.deploy.descriptions import Description, compose, differences, kubernetes, native

NODES = 2
COMPOSE = (CHECKOUT / "docker-compose.yml").read_text()
ENVOY = (CHECKOUT / "deploy/compose/envoy.json").read_text()


@pytest.fixture
def at_home(tmp_path: Path) -> Description:
    return native(tmp_path / "bar", NODES)


def test_compose_has_what_the_native_bar_has(at_home: Description) -> None:
    assert differences(at_home, compose(COMPOSE, ENVOY)) == []


def test_a_cluster_has_what_the_native_bar_has(at_home: Description, local: Cluster) -> None:
    assert differences(at_home, kubernetes(local)) == []


def less_a_process(services: dict[str, Any]) -> None:
    del services["rooms-sweeper"]


def less_a_variable(services: dict[str, Any]) -> None:
    del services["rooms-node-2"]["environment"]["VIRTUBAR_NODE_ID"]


def another_role(services: dict[str, Any]) -> None:
    services["identity-relay"]["command"][-1] = "consumers"


def another_port(services: dict[str, Any]) -> None:
    services["rooms-node-1"]["environment"]["VIRTUBAR_NODE_PORT"] = "9009"


def another_user(services: dict[str, Any]) -> None:
    told = services["social-api"]["environment"]
    told["VIRTUBAR_DATABASE_URL"] = told["VIRTUBAR_DATABASE_URL"].replace("//social:", "//rooms:")


def less_a_migration(services: dict[str, Any]) -> None:
    del services["inventory-migrate"]


def more_keys(services: dict[str, Any]) -> None:
    services["redis"]["command"].append("~*")


def less_a_reader(services: dict[str, Any]) -> None:
    del services["kafka-bootstrap"]["environment"]["VIRTUBAR_KAFKA_PASSWORD_ANALYST"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (less_a_process, ["processes: rooms-sweeper", "told: rooms-sweeper", "ports: rooms-sweeper"]),
        (less_a_variable, ["told: rooms-node-2"]),
        (another_role, ["processes: identity-relay"]),
        (another_port, ["ports: rooms-node-1"]),
        (another_user, ["told: social-api"]),
        (less_a_migration, ["migrations: inventory"]),
        (more_keys, ["redis_users: analytics"]),
        (less_a_reader, ["kafka_users: analyst"]),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_control_what_compose_lacks_is_named(
    at_home: Description, change: Callable[[dict[str, Any]], None], found: list[str]
) -> None:
    document = json.loads(json.dumps(yaml.safe_load(COMPOSE)))  # nothing shared
    change(document["services"])
    assert differences(at_home, compose(yaml.safe_dump(document), ENVOY)) == found


def test_control_a_route_that_one_gateway_lacks_is_named(at_home: Description) -> None:
    other = ENVOY.replace('"name": "GET /v1/rooms"', '"name": "GET /v1/halls"')
    assert differences(at_home, compose(COMPOSE, other)) == ["routes: GET /v1/halls", "routes: GET /v1/rooms"]


def test_control_what_a_cluster_lacks_is_named(at_home: Description, local: Cluster) -> None:
    objects = copy.deepcopy(local.objects)
    less = [each for each in objects if (each["kind"], each["metadata"]["name"]) != ("Deployment", "rooms-sweeper")]
    (nodes,) = (each for each in less if (each["kind"], each["metadata"]["name"]) == ("StatefulSet", "rooms-node"))
    nodes["spec"]["replicas"] = 1
    parts = ("processes", "told", "ports")
    expected = [f"{part}: {name}" for part in parts for name in ("rooms-node-2", "rooms-sweeper")]
    assert differences(at_home, kubernetes(Cluster(less))) == [*expected, "routes: socket rooms-node-2"]
