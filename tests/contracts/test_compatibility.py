"""The rule finds each way to break a reader, and lets pass what breaks none."""

from typing import Any

import pytest

from libs.contracts.compatibility import breaches

Schema = dict[str, Any]


def thing(required: tuple[str, ...] = ("a",), **fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": list(required)}


TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
MAYBE: Schema = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
THEME: Schema = {"type": "string", "enum": ["lounge", "dance"]}

BREAKING = {
    "removed": (thing(a=TEXT, b=MAYBE), thing(a=TEXT), ".b: removed or renamed"),
    "renamed": (thing(a=TEXT, b=MAYBE), thing(a=TEXT, c=MAYBE), ".b: removed or renamed"),
    "new and required": (thing(a=TEXT), thing(("a", "b"), a=TEXT, b=TEXT), ".b: newly required"),
    "made required": (thing(a=TEXT, b=TEXT), thing(("a", "b"), a=TEXT, b=TEXT), ".b: newly required"),
    "made optional": (thing(a=TEXT), thing((), a=TEXT), ".a: no longer required, but older readers demand it"),
    "null refused": (thing((), a=MAYBE), thing((), a=TEXT), ".a: narrowed, no longer takes null"),
    "another type": (thing(a=TEXT), thing(a=COUNT), ".a: narrowed, no longer takes string"),
    "number to integer": (thing(a={"type": "number"}), thing(a=COUNT), ".a: narrowed, no longer takes number"),
    "member removed": (thing(a=THEME), thing(a={**THEME, "enum": ["lounge"]}), ".a: member 'dance' is gone"),
    "member renamed": (thing(a=THEME), thing(a={**THEME, "enum": ["lounge", "disco"]}), ".a: member 'dance' is gone"),
    "last member made const": (thing(a=THEME), thing(a={**TEXT, "const": "lounge"}), ".a: member 'dance' is gone"),
    "text to a list": (thing(a=TEXT), thing(a=THEME), ".a: narrowed to a list of values"),
    "pattern added": (thing(a=TEXT), thing(a={**TEXT, "pattern": "^x$"}), ".a: narrowed, pattern is now ^x$"),
    "format added": (thing(a=TEXT), thing(a={**TEXT, "format": "uuid"}), ".a: narrowed, format is now uuid"),
    "minimum raised": (
        thing(a={**COUNT, "minimum": 1}),
        thing(a={**COUNT, "minimum": 2}),
        ".a: narrowed, minimum raised from 1 to 2",
    ),
    "maximum lowered": (
        thing(a={**COUNT, "maximum": 9}),
        thing(a={**COUNT, "maximum": 8}),
        ".a: narrowed, maximum lowered from 9 to 8",
    ),
    "length limited": (
        thing(a=TEXT),
        thing(a={**TEXT, "maxLength": 8}),
        ".a: narrowed, maxLength lowered from none to 8",
    ),
    "items narrowed": (
        thing(a={"type": "array", "items": TEXT}),
        thing(a={"type": "array", "items": THEME}),
        ".a[]: narrowed to a list of values",
    ),
    "deep inside": (thing(a=thing(b=TEXT)), thing(a=thing(b=COUNT)), ".a.b: narrowed, no longer takes string"),
    "inside a nullable": (
        thing(a={"anyOf": [THEME, {"type": "null"}]}),
        thing(a={"anyOf": [{**THEME, "enum": ["dance"]}, {"type": "null"}]}),
        ".a: member 'lounge' is gone",
    ),
    "closed": (thing(a=TEXT), {**thing(a=TEXT), "additionalProperties": False}, ": narrowed, no longer open"),
    "made personal": (
        thing((), a=MAYBE),
        thing((), a={**MAYBE, "x-personal": True}),
        ".a: leaves the topic or starts to be published (x-personal)",
    ),
    "no longer personal": (
        thing((), a={**MAYBE, "x-personal": True}),
        thing((), a=MAYBE),
        ".a: leaves the topic or starts to be published (x-personal)",
    ),
    "no longer a person": (
        thing(a={**TEXT, "x-user": True}),
        thing(a=TEXT),
        ".a: is no longer, or newly, a pseudonym in the lake (x-user)",
    ),
    "beyond this rule": (
        thing(a=TEXT),
        thing(a={**TEXT, "not": THEME}),
        ".a: not changed, and this rule cannot judge it",
    ),
}

HARMLESS = {
    "the same": (thing(a=TEXT), thing(a=TEXT)),
    "optional field added": (thing(a=TEXT), thing(a=TEXT, b=MAYBE)),
    "null allowed": (thing((), a=TEXT), thing((), a=MAYBE)),
    "member added": (thing(a=THEME), thing(a={**THEME, "enum": ["lounge", "dance", "sports"]})),
    "list opened": (thing(a=THEME), thing(a=TEXT)),
    "integer to number": (thing(a=COUNT), thing(a={"type": "number"})),
    "limits loosened": (thing(a={**COUNT, "minimum": 1, "maximum": 9}), thing(a={**COUNT, "minimum": 0})),
    "prose changed": (thing(a=TEXT), {**thing(a={**TEXT, "description": "better"}), "title": "Thing"}),
}


@pytest.mark.parametrize(("old", "new", "breach"), BREAKING.values(), ids=BREAKING.keys())
def test_a_change_that_breaks_readers_is_found_and_named(old: Schema, new: Schema, breach: str) -> None:
    assert breaches(old, new) == [breach]


@pytest.mark.parametrize(("old", "new"), HARMLESS.values(), ids=HARMLESS.keys())
def test_a_change_that_breaks_nobody_passes(old: Schema, new: Schema) -> None:
    assert breaches(old, new) == []


def test_every_breach_is_named() -> None:
    old, new = thing(("a", "b"), a=TEXT, b=TEXT), thing(("a", "c"), a=COUNT, c=TEXT)
    assert sorted(breaches(old, new)) == [
        ".a: narrowed, no longer takes string",
        ".b: removed or renamed",
        ".c: newly required",
    ]
