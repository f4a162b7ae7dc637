"""A deterministic example of a schema: what golden files and documents show."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

Schema = dict[str, Any]


def example(schema: Schema, name: str = "") -> Any:
    """A value the schema accepts, the same each time; `name` makes ids of different fields differ.

    Raises LookupError for a string whose pattern nobody gave an example of.
    """
    if "examples" in schema:
        return schema["examples"][0]
    if "anyOf" in schema:
        return example(next(variant for variant in schema["anyOf"] if variant.get("type") != "null"), name)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema["type"]:
        case "object":
            return {field: example(inner, field) for field, inner in schema.get("properties", {}).items()}
        case "array":
            return [example(schema["items"], name)]
        case "integer":
            return max(schema.get("minimum", 0), 42)
        case "boolean":
            return True
        case _:
            return _string(schema, name)


def _string(schema: Schema, name: str) -> str:
    match schema.get("format"):
        case "uuid":
            return str(uuid5(NAMESPACE_URL, f"https://virtubar.dev/examples/{name}"))
        case "date-time":
            return "2026-02-06T21:30:00Z"
    if "pattern" in schema:
        raise LookupError(f"{name} has a pattern and no example")
    return f"{name.replace('_', ' ')} of Dana"
