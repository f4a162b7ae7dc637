"""`python -m libs.contracts.golden` writes what is generated from the contracts: schemas, AsyncAPI, the page, examples.

Nothing that was ever told is overwritten: an example, once written, stays for ever, and a schema gives way only to a
compatible one, the old one being kept under `schemas/past` so that every later change is judged against it too.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from libs.contracts import schema
from libs.contracts.asyncapi import document
from libs.contracts.catalogue import EVENTS
from libs.contracts.compatibility import breaches, structure
from libs.contracts.event import Event
from libs.contracts.example import example
from libs.contracts.page import page

ROOT: Final = Path(__file__).parents[2]
SCHEMAS: Final = Path("libs/contracts/schemas")
PAST: Final = SCHEMAS / "past"
EXAMPLES: Final = Path("tests/contracts/golden")


class IncompatibleError(Exception):
    """A committed schema would change in a way its readers could not follow: give the event a new version."""


def generated() -> dict[Path, str]:
    """What follows from the contracts alone, by path from the repository's root."""
    return {
        Path("libs/contracts/asyncapi.json"): _json(document()),
        Path("docs/events.md"): page(),
        **{_schema_path(event): _json(schema.stored(event)) for event in EVENTS.values()},
    }


def write(root: Path) -> None:
    """Bring the generated files up to date. Raises IncompatibleError, having written nothing."""
    broken = [breach for event in EVENTS.values() for breach in judge(root, event)]
    if broken:
        raise IncompatibleError("\n".join(broken))
    for event in EVENTS.values():
        _keep_past(root, event)
        _write_once(root / example_path(event), _json(example(schema.stored(event))))
    for path, text in generated().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def judge(root: Path, event: type[Event]) -> Iterator[str]:
    """The breaches of an event against every committed schema of its version."""
    new = schema.stored(event)
    for path in (root / _schema_path(event), *past(root, event)):
        if path.exists():
            yield from (f"{path.name}{breach}" for breach in breaches(json.loads(path.read_text()), new))


def past(root: Path, event: type[Event]) -> list[Path]:
    """The superseded schemas of an event's version."""
    return sorted((root / PAST).glob(f"{event.NAME}.v{event.VERSION}.*.json"))


def example_path(event: type[Event]) -> Path:
    """Where the example of this version is kept for ever."""
    return EXAMPLES / f"{event.NAME}.v{event.VERSION}.json"


def _schema_path(event: type[Event]) -> Path:
    return SCHEMAS / f"{event.NAME}.v{event.VERSION}.json"


def _keep_past(root: Path, event: type[Event]) -> None:
    current = root / _schema_path(event)
    if current.exists() and structure(json.loads(current.read_text())) != structure(schema.stored(event)):
        kept = root / PAST / f"{event.NAME}.v{event.VERSION}.{len(past(root, event)):03}.json"
        _write_once(kept, current.read_text())


def _write_once(path: Path, text: str) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    try:
        write(ROOT)
    except IncompatibleError as refusal:
        sys.exit(f"{refusal}\nGive these events a new VERSION and an upcaster.")
