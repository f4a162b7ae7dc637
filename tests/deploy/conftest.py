"""deploy/kubernetes, rendered once."""

import shutil
from pathlib import Path

import pytest
import yaml

from deploy.kubernetes.files import everything
from deploy.kubernetes.secrets import draw, needed
from tests.deploy.cluster import SOURCE, Cluster, rendered


@pytest.fixture(scope="session")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """deploy/kubernetes with passwords drawn, and an overlay with every component."""
    copied = tmp_path_factory.mktemp("deploy") / "kubernetes"
    shutil.copytree(SOURCE, copied, ignore=shutil.ignore_patterns("*.py", "__pycache__", "secrets"))
    draw(needed(everything()), copied / "components" / "stores" / "secrets")
    direct = copied / "overlays" / "direct"
    direct.mkdir()
    kustomization = {"resources": ["../local"], "components": ["../../components/direct-sockets"]}
    (direct / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return copied


@pytest.fixture(scope="session")
def local(manifests: Path) -> Cluster:
    """The overlay for a cluster on one machine."""
    return Cluster(rendered(manifests / "overlays" / "local"))
