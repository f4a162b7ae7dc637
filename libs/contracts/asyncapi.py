"""The topics as an AsyncAPI 3.0 document: what analysts and other teams read and generate from."""

from typing import Any, Final

from libs.contracts import schema
from libs.contracts.catalogue import published, topics_of
from libs.contracts.event import Event
from libs.contracts.example import example
from libs.contracts.topic import Topic
from libs.contracts.vocabulary import SERVICES

Document = dict[str, Any]
HEADERS: Final = "#/components/schemas/CloudEventHeaders"
CLOUD_EVENT: Final[Document] = {
    "type": "object",
    "description": "CloudEvents 1.0, binary mode.",
    "required": [
        *("content-type", "ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time"),
        *("ce_dataschema", "ce_streamid", "ce_streamversion", "ce_position"),
    ],
    "properties": {
        "content-type": {"const": "application/json"},
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "The same for every delivery: deduplicate on it."},
        "ce_type": {"type": "string", "description": "The event's name, which is the topic's."},
        "ce_source": {"type": "string", "description": "/virtubar/{cell}/{service}/{timeline}"},
        "ce_subject": {"type": "string", "format": "uuid", "description": "Whom it is about; also the record's key."},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_dataschema": {"type": "string", "format": "uri", "description": "The $id of the payload's schema."},
        "ce_streamid": {"type": "string", "description": "Within one stream, ce_streamversion orders."},
        "ce_streamversion": {"type": "string", "pattern": "^[0-9]+$"},
        "ce_position": {"type": "string", "pattern": "^[0-9]+$", "description": "Only grows within one ce_source."},
        "ce_correlationid": {"type": "string", "format": "uuid"},
        "ce_causationid": {"type": "string", "format": "uuid"},
        "traceparent": {"type": "string", "description": "W3C trace context of the request that caused it."},
    },
}


def document() -> Document:
    """The whole document."""
    events = published()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "VirtuBar events",
            "version": "1.0.0",
            "description": "What happened at the bar: one topic per event, named after it.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"bar": _server()},
        "channels": {name: _channel(event) for name, event in events.items()},
        "operations": {
            f"{service}.{name}": _operation(service, name) for service in SERVICES for name in topics_of(service)
        },
        "components": {
            "schemas": {
                "CloudEventHeaders": CLOUD_EVENT,
                **{event.__name__: _payload(event) for event in events.values()},
            },
            "messages": {name: _message(event) for name, event in events.items()},
            "securitySchemes": {"login": {"type": "scramSha512"}},
        },
    }


def topic_of(event: type[Event]) -> Topic:
    """The topic of a published event."""
    assert event.TOPIC is not None, f"{event.NAME} is stored only"
    return event.TOPIC


def _server() -> Document:
    return {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "variables": {"bootstrap": {"default": "127.0.0.1:9092", "description": "See `virtubar status`."}},
        "security": [{"$ref": "#/components/securitySchemes/login"}],
    }


def _channel(event: type[Event]) -> Document:
    topic = topic_of(event)
    retention = int(topic.retention.total_seconds() * 1000)
    return {
        "address": event.NAME,
        "description": event.__doc__,
        "messages": {event.NAME: {"$ref": f"#/components/messages/{event.NAME}"}},
        "bindings": {
            "kafka": {
                "topic": event.NAME,
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": retention},
                "bindingVersion": "0.5.0",
            }
        },
        "x-producer": topic.producer,
        "x-stream": topic.stream,
        "x-audience": topic.audience,
    }


def _message(event: type[Event]) -> Document:
    payload = schema.published(event)
    return {
        "name": event.NAME,
        "title": event.__name__,
        "summary": event.__doc__,
        "contentType": "application/json",
        "headers": {"$ref": HEADERS},
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "bindings": {"kafka": {"key": _key(event), "bindingVersion": "0.5.0"}},
        "examples": [{"name": event.NAME, "payload": example(payload)}],
    }


def _key(event: type[Event]) -> Document:
    return {"type": "string", "format": "uuid", "description": " or ".join(event.SUBJECT)}


def _payload(event: type[Event]) -> Document:
    return {key: value for key, value in schema.published(event).items() if key not in ("$schema", "$id")}


def _operation(service: str, name: str) -> Document:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        "summary": f"{service} tells {name}",
    }
