"""The AsyncAPI document says what the contracts say, and is one."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema

from libs.contracts.asyncapi import document
from libs.contracts.catalogue import published, topics_of
from libs.contracts.vocabulary import SERVICES

DOCUMENT = document()


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def resolve(reference: str) -> Any:
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_it_is_an_asyncapi_3_document() -> None:
    server = {**DOCUMENT["servers"]["bar"], "pathname": ""}  # optional in AsyncAPI, demanded by this model
    read = ApplicationSchema.model_validate({**DOCUMENT, "servers": {"bar": server}})
    assert read.asyncapi == "3.0.0"


def test_every_reference_leads_somewhere() -> None:
    found = list(references(DOCUMENT))
    assert found
    assert all(resolve(reference) for reference in found)


def test_every_topic_is_a_channel_and_every_teller_an_operation() -> None:
    assert DOCUMENT["channels"].keys() == published().keys()
    assert set(DOCUMENT["operations"]) == {f"{service}.{name}" for service in SERVICES for name in topics_of(service)}


@pytest.mark.parametrize("name", published())
def test_a_channel_says_what_the_broker_is_told(name: str) -> None:
    channel, topic = DOCUMENT["channels"][name], published()[name].TOPIC
    assert topic is not None
    kafka = channel["bindings"]["kafka"]
    assert (channel["address"], kafka["topic"], kafka["partitions"]) == (name, name, topic.partitions)
    assert kafka["topicConfiguration"]["retention.ms"] == topic.retention.total_seconds() * 1000
    assert (channel["x-audience"], channel["x-stream"]) == (topic.audience, topic.stream)


@pytest.mark.parametrize("name", published())
def test_a_payload_is_a_schema_its_example_fits_and_nothing_personal_is_in_it(name: str) -> None:
    message = DOCUMENT["components"]["messages"][name]
    payload = resolve(message["payload"]["$ref"])
    jsonschema_rs.meta.validate(payload)
    for example in message["examples"]:
        jsonschema_rs.validate(payload, example["payload"])
    assert not published()[name].PERSONAL & payload["properties"].keys()
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(payload, {})
