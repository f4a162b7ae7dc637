"""What may change in an event without a new version: fields may be added, and must be optional. Nothing else may go.

Formally, JSON Schema calls even that incompatible (an open schema allowed anything under the new name before); between
producers that forbid and consumers that ignore what they do not know, it is the rule that holds in both directions.
"""

from collections.abc import Iterator
from typing import Any, Final

Schema = dict[str, Any]

PROSE: Final = frozenset({"$schema", "$id", "title", "description", "examples", "default"})
LOWER_BOUNDS: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UPPER_BOUNDS: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
EXACT: Final = frozenset({"pattern", "format", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType"})
MARKS: Final = {
    "x-personal": "leaves the topic or starts to be published",
    "x-user": "is no longer, or newly, a pseudonym in the lake",
}
JUDGED: Final = frozenset({"type", "enum", "const", "properties", "required", "items", "anyOf", "additionalProperties"})
KNOWN: Final = PROSE | LOWER_BOUNDS | UPPER_BOUNDS | EXACT | MARKS.keys() | JUDGED | {"x-operator-text"}


def breaches(old: Schema, new: Schema) -> list[str]:
    """Why readers of one schema could not read data of the other; empty where the change is allowed.

    Both are inlined schemas (libs.contracts.schema). Each breach reads `path: what is wrong`.
    """
    return list(_compare("", old, new))


def structure(schema: Schema) -> Schema:
    """The schema without its prose: two schemas with one structure accept the same data."""
    return {key: _structure(value, key) for key, value in schema.items() if key not in PROSE}


def _structure(value: Any, key: str) -> Any:
    if key == "properties":
        return {name: structure(field) for name, field in value.items()}
    if isinstance(value, dict):
        return structure(value)
    if isinstance(value, list):
        return [structure(item) if isinstance(item, dict) else item for item in value]
    return value


def _compare(path: str, old: Schema, new: Schema) -> Iterator[str]:
    for mark, meaning in MARKS.items():
        if _marked(old, mark) != _marked(new, mark):
            yield f"{path}: {meaning} ({mark})"
    candidates = _variants(new)
    for variant in _variants(old):
        verdicts = [list(_pair(path, variant, candidate)) for candidate in candidates if _takes(candidate, variant)]
        if not verdicts:
            yield f"{path}: narrowed, no longer takes {variant.get('type', 'anything')}"
        elif all(verdicts):
            yield from min(verdicts, key=len)


def _variants(schema: Schema) -> list[Schema]:
    variants: list[Schema] = schema.get("anyOf", [schema])
    return variants


def _marked(schema: Schema, mark: str) -> bool:
    return any(mark in variant for variant in (schema, *_variants(schema)))


def _takes(new: Schema, old: Schema) -> bool:
    wider = (old.get("type"), new.get("type")) == ("integer", "number")
    return "type" not in new or new["type"] == old.get("type") or wider


def _pair(path: str, old: Schema, new: Schema) -> Iterator[str]:
    yield from _values(path, old, new)
    for key in sorted(LOWER_BOUNDS & new.keys()):
        if key not in old or new[key] > old[key]:
            yield f"{path}: narrowed, {key} raised from {old.get(key, 'none')} to {new[key]}"
    for key in sorted(UPPER_BOUNDS & new.keys()):
        if key not in old or new[key] < old[key]:
            yield f"{path}: narrowed, {key} lowered from {old.get(key, 'none')} to {new[key]}"
    for key in sorted(EXACT & new.keys()):
        if new[key] != old.get(key):
            yield f"{path}: narrowed, {key} is now {new[key]}"
    for key in sorted((new.keys() | old.keys()) - KNOWN):
        if new.get(key) != old.get(key):
            yield f"{path}: {key} changed, and this rule cannot judge it"
    if "properties" in old or "properties" in new:
        yield from _fields(path, old, new)
    if "items" in new:
        yield from _compare(f"{path}[]", old.get("items", {}), new["items"])


def _values(path: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = _members(old), _members(new)
    if after is None:
        return
    if before is None:
        yield f"{path}: narrowed to a list of values"
        return
    for member in before:
        if member not in after:
            yield f"{path}: member {member!r} is gone"


def _members(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _fields(path: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before.keys() - after.keys():
        yield f"{path}.{name}: removed or renamed"
    for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{path}.{name}: newly required"
    for name in sorted((set(old.get("required", [])) - set(new.get("required", []))) & after.keys()):
        yield f"{path}.{name}: no longer required, but older readers demand it"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{path}: narrowed, no longer open"
    for name in before.keys() & after.keys():
        yield from _compare(f"{path}.{name}", before[name], after[name])
