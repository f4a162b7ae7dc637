"""The page of the reference client does not promise what it cannot: its example is run, against a whole bar."""

import re
from pathlib import Path

import pytest

from cli.demo.post import code_reader
from deploy.native.native import Native
from tests.e2e.conftest import Night

PAGE = (Path(__file__).parents[2] / "clients/python/README.md").read_text()


async def test_the_example_spends_an_evening(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len([line for line in example.splitlines() if line.strip()]) <= 20
    written: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), written)
    evening = written["evening"]
    assert callable(evening)
    await evening(night.gateway, "reader@example.com", code_reader(Native.opened(night.bar.root).mailbox))
    assert "says good evening" in capsys.readouterr().out


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#]+)\)", PAGE))
def test_its_links_lead_somewhere(path: str) -> None:
    assert (Path(__file__).parents[2] / "clients/python" / path).exists()
