"""What the documents point to is there."""

import ast
import re
from pathlib import Path

import pytest

from deploy.native.folder import CHECKOUT

TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PAGES = [page for page in (CHECKOUT / "docs").rglob("*.md") if TEST.search(page.read_text())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    for path, name in TEST.findall(page.read_text()):
        body = ast.parse((CHECKOUT / path).read_text()).body
        assert name in {each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}, path
