"""Personal data never leaves its service: what is published is ids, numbers, times and closed vocabularies."""

import re
from typing import Annotated, Any

import pytest
from pydantic import StringConstraints

from libs.contracts import schema
from libs.contracts.catalogue import EVENTS
from libs.contracts.event import Event, Personal
from libs.contracts.vocabulary import ItemName, Theme, UserId

CANARIES = ("dana@example.org", "Dana", "Dana Cohen", "+972 52 555 0100", "https://example.org/dana", "192.0.2.7")


def free_text(node: Any, path: str = "") -> list[str]:
    """Where a schema would let a person's words through."""
    if node.get("x-operator-text"):
        return []
    inner = [
        *((f"{path}.{name}", field) for name, field in node.get("properties", {}).items()),
        *((path, variant) for variant in node.get("anyOf", [])),
        *([(f"{path}[]", node["items"])] if "items" in node else []),
    ]
    found = [leak for place, part in inner for leak in free_text(part, place)]
    if node.get("type") == "object" and node.get("additionalProperties", path != "") is not False:
        found.append(f"{path}: an open object")
    if not node.get("type") and not inner and not (node.keys() & {"enum", "const"}):
        found.append(f"{path}: anything goes")
    return found + ([f"{path}: free text"] if _lets_words_through(node) else [])


def _lets_words_through(node: Any) -> bool:
    closed = node.keys() & {"enum", "const"} or node.get("format") in ("uuid", "date-time")
    if node.get("type") != "string" or closed:
        return False
    return "pattern" not in node or any(re.search(node["pattern"], canary) for canary in CANARIES)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_no_published_field_takes_free_text(event: type[Event]) -> None:
    assert free_text(schema.published(event)) == []


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_a_personal_field_reads_as_none_where_it_was_not_published(event: type[Event]) -> None:
    assert not event.PERSONAL & set(schema.stored(event).get("required", []))
    assert not event.PERSONAL & schema.published(event)["properties"].keys()


class Leaky(Event):
    """Planted: every way for words to get out."""

    user_id: UserId
    theme: Theme
    label: ItemName
    email: Personal[str] = None
    note: str
    maybe: str | None = None
    tags: tuple[str, ...] = ()
    extra: dict[str, str] = {}
    loose: Annotated[str, StringConstraints(pattern=r"^.{1,80}$")]
    anything: Any = None


def test_control_free_text_is_found_wherever_it_hides() -> None:
    assert {leak.partition(":")[0] for leak in free_text(schema.published(Leaky))} == {
        *(".note", ".maybe", ".tags[]", ".extra", ".loose", ".anything")
    }
