"""Every event there is, by name, and which service tells it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Final

from libs.contracts import erasure, identity, inventory, moderation, rooms, social
from libs.contracts.event import Event
from libs.contracts.topic import Topic

DLQ: Final = "{service}.dlq"
USER_STREAMS: Final = frozenset({"user", "profile", "viewer", "pair", "visitor", "safety", "wallet"})
"""Stream kinds whose ids are people's ids (two of them in `pair`)."""


def _events(module: ModuleType) -> Iterator[type[Event]]:
    return (
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Event) and thing.__module__ == module.__name__
    )


EVENTS: Final[Mapping[str, type[Event]]] = MappingProxyType(
    {
        event.NAME: event
        for module in (identity, social, rooms, moderation, inventory, erasure)
        for event in _events(module)
    }
)


def published() -> dict[str, type[Event]]:
    """The events that have a topic, by name."""
    return {name: event for name, event in EVENTS.items() if event.TOPIC is not None}


def topics() -> dict[str, Topic]:
    """The topics, by name."""
    return {name: event.TOPIC for name, event in EVENTS.items() if event.TOPIC is not None}


def topics_of(service: str) -> list[str]:
    """The topics a service writes, in the catalogue's order; all write `erasure_done`."""
    return [name for name, topic in topics().items() if topic.producer in (service, "*")]


def dlq_of(service: str) -> str:
    """Where a service parks what it could not take."""
    return DLQ.format(service=service)
