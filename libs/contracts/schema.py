"""JSON Schema of an event: as stored (personal fields marked), and as published (personal fields gone)."""

from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from libs.contracts.event import Event

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ADDRESS: Final = "https://virtubar.dev/schemas/{name}/{version}"


class Untitled(GenerateJsonSchema):
    """Field titles would only repeat the field names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def stored(event: type[Event]) -> Schema:
    """What the event store keeps. Open: readers ignore what they do not know."""
    schema = inlined(event.model_json_schema(schema_generator=Untitled))
    schema.pop("additionalProperties", None)
    return {"$schema": DIALECT, "$id": ADDRESS.format(name=event.NAME, version=event.VERSION), **schema}


def published(event: type[Event]) -> Schema:
    """What the topic carries."""
    schema = stored(event)
    schema["properties"] = {name: field for name, field in schema["properties"].items() if name not in event.PERSONAL}
    return schema


def inlined(schema: Schema) -> Schema:
    """The schema with its `$defs` written out where they are used. Ours are never recursive."""
    definitions = schema.get("$defs", {})

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            rest = {key: value for key, value in node.items() if key != "$ref"}
            node = {**definitions[node["$ref"].removeprefix("#/$defs/")], **rest}
        return {key: walk(value) for key, value in node.items() if key != "$defs"}

    inline: Schema = walk(schema)
    return inline
