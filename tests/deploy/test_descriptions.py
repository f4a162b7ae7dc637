"""Native, compose and Kubernetes describe one bar: what one has and another lacks fails here."""

from pathlib import Path

import pytest

from tests.deploy.descriptions import Description, committed, compose, differences, native

NODES = 2


@pytest.fixture
def at_home(tmp_path: Path) -> Description:
    return native(tmp_path / "bar", NODES)


def of_compose(file: str = "") -> Description:
    return compose(file or committed("docker-compose.yml"), committed("deploy/compose/envoy.json"))


def test_compose_has_what_the_native_bar_has(at_home: Description) -> None:
    assert differences(at_home, of_compose()) == []
