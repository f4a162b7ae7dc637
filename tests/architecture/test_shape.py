"""The house stays guessable: the same file names in every service, and files small enough to read down the page."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = [
    path for part in ("libs", "services", "cli", "deploy", "clients") for path in sorted(ROOT.glob(f"{part}/**/*.py"))
]
SERVICES = sorted(path.parent for path in ROOT.glob("services/*/__main__.py"))
LONGEST_FILE = 250
LONGEST_FUNCTION = 60
ROOMS_OF_A_SERVICE = {"README.md", "__main__.py", "settings.py", "migrations"}


def too_long(source: str) -> list[str]:
    functions = (
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return [f.name for f in functions if (f.end_lineno or f.lineno) - f.lineno >= LONGEST_FUNCTION]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_does_one_thing(path: Path) -> None:
    source = path.read_text()
    assert source.count("\n") <= LONGEST_FILE
    assert too_long(source) == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_every_service_has_the_same_rooms(service: Path) -> None:
    assert {path.name for path in service.iterdir()} >= ROOMS_OF_A_SERVICE


@pytest.mark.parametrize(
    "path", [path for path in CODE if path.read_text().strip()], ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_file_opens_by_saying_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_control_a_long_function_is_found() -> None:
    assert too_long("def f():\n" + "    x = 1\n" * LONGEST_FUNCTION) == ["f"]
