"""Independence is enforced: a service runs with `libs/` beside it and nothing else, as its image holds it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/__main__.py"))


def import_everything(service: str) -> str:
    """A program that imports every module of one service."""
    return (
        f"import importlib, pkgutil, services.{service} as package\n"
        f"for module in pkgutil.walk_packages(package.__path__, 'services.{service}.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)\n"
    )


def lay_out(target: Path, service: str) -> None:
    bytecode = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "libs", target / "libs", ignore=bytecode)
    shutil.copytree(ROOT / "services" / service, target / "services" / service, ignore=bytecode)
    shutil.copy(ROOT / "services" / "__init__.py", target / "services" / "__init__.py")


def run(target: Path, program: str) -> "subprocess.CompletedProcess[str]":
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(target), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-c", program], cwd=target, env=bare, capture_output=True, text=True)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_needs_only_the_libraries(service: str, tmp_path: Path) -> None:
    lay_out(tmp_path, service)
    done = run(tmp_path, import_everything(service))
    assert done.returncode == 0, done.stderr


def test_control_a_service_that_reads_another_fails(tmp_path: Path) -> None:
    lay_out(tmp_path, "identity")
    (tmp_path / "services" / "identity" / "nosy.py").write_text("import services.rooms.service\n")
    assert "services.rooms" in run(tmp_path, import_everything("identity")).stderr
