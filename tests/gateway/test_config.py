"""What is generated is what Envoy accepts, for small bars and large ones."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.gateway.edge import Edge
from deploy.gateway.envoy import render, written
from deploy.gateway.table import load
from libs.contracts.vocabulary import SERVICES

BARE = Edge(
    listen=("0.0.0.0", 8080), admin=("127.0.0.1", 9901), services={}, issuer="https://virtubar.dev", audience="virtubar"
)
FULL = replace(
    BARE,
    health=("0.0.0.0", 9900),
    services={name: [(f"{name}-1", 8000), (f"{name}-2", 8000)] for name in SERVICES},
    nodes={f"node-{n}": (f"node-{n}", 9000) for n in range(20)},
    otlp_url="http://collector:4318",
    trace_ratio=0.1,
    limit_factor=1000,
    trusted_hops=1,
    log_all=True,
)


@pytest.mark.parametrize("edge", [BARE, FULL], ids=["bare", "full"])
def test_envoy_accepts_the_configuration(edge: Edge, tmp_path: Path) -> None:
    config = tmp_path / "envoy.json"
    config.write_text(written(render(load(), edge)))
    envoy = Path(sys.executable).with_name("envoy")
    done = subprocess.run([envoy, "--mode", "validate", "-c", config], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr


def test_control_envoy_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    config = tmp_path / "envoy.json"
    config.write_text(written({**render(load(), FULL), "surprise": 1}))
    envoy = Path(sys.executable).with_name("envoy")
    assert subprocess.run([envoy, "--mode", "validate", "-c", config], capture_output=True, timeout=60).returncode


def test_the_admin_page_never_leaves_the_machine() -> None:
    with pytest.raises(ValueError, match="loopback"):
        render(load(), replace(FULL, admin=("0.0.0.0", 9901)))


def test_the_same_bar_gives_the_same_configuration() -> None:
    assert written(render(load(), FULL)) == written(render(load(), FULL))
