"""docs/events.md: every event on one page, written from the contracts."""

from typing import Any, Final

from libs.contracts import schema
from libs.contracts.catalogue import EVENTS
from libs.contracts.event import Event

INTRODUCTION: Final = """\
<!-- Written by `make golden` from libs/contracts. Do not edit. -->
# Events

One name everywhere: the event `room_join` is the class `RoomJoin` and the topic `room_join`. Values are JSON, what is
known about an event is in CloudEvents headers (binary mode), and the Kafka key is the subject, so that what happened to
one person stays in order inside a topic. Across topics there is no order; inside one stream `ce_streamversion` orders.

**P** marks a personal field: sealed under the subject's key at home, never published. **U** marks a person's id: a
pseudonym in the lake. `?` marks a field that may be null or absent. *Restricted* topics would tell who reported or
blocked whom; the broker lets only the services that act on them read them. The schemas are in
`libs/contracts/schemas`, the whole as AsyncAPI 3.0 in `libs/contracts/asyncapi.json`.
"""
HEAD: Final = """
| event = topic | what happened | stream | key | audience | partitions, days kept | fields |
|---|---|---|---|---|---|---|
"""
VOCABULARY_LIMIT: Final = 12  # longer lists are left to the schema


def page() -> str:
    """The page, in Markdown."""
    producers: dict[str, list[type[Event]]] = {}
    for event in EVENTS.values():
        producers.setdefault(event.__module__.rpartition(".")[2], []).append(event)
    return INTRODUCTION + "".join(_section(producer, events) for producer, events in producers.items())


def _section(producer: str, events: list[type[Event]]) -> str:
    title = "every service" if producer == "erasure" else producer
    return f"\n## Told by {title}\n{HEAD}" + "".join(_row(event) for event in events)


def _row(event: type[Event]) -> str:
    doc = " ".join((event.__doc__ or "").split())
    version = f" v{event.VERSION}" if event.VERSION > 1 else ""
    topic = event.TOPIC
    where = (
        f"`{topic.stream}` | `{'` or `'.join(event.SUBJECT)}` | {topic.audience} "
        f"| {topic.partitions}, {topic.retention.days}"
        if topic
        else "stored only | | | "
    )
    fields = " · ".join(_field(event, name, field) for name, field in schema.stored(event)["properties"].items())
    return f"| `{event.NAME}`{version} | {doc} | {where} | {fields} |\n"


def _field(event: type[Event], name: str, field: dict[str, Any]) -> str:
    variants = field.get("anyOf", [field])
    optional = "?" if any(variant.get("type") == "null" for variant in variants) else ""
    mark = " **P**" if name in event.PERSONAL else " **U**" if name in event.USERS else ""
    return f"`{name}`{optional}{mark}{_words(variants[0])}"


def _words(variant: dict[str, Any]) -> str:
    words = variant.get("enum", [])
    return f" ({', '.join(words)})" if 0 < len(words) <= VOCABULARY_LIMIT else ""
