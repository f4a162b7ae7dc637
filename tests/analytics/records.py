"""Kafka records of any event, as a relay would write them, and records that no relay would."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from libs.contracts.catalogue import EVENTS, USER_STREAMS, published
from libs.contracts.cloudevents import Envelope, encode, source_of
from libs.contracts.event import Event
from libs.contracts.example import example
from libs.contracts.schema import stored

SATURDAY = datetime(2026, 2, 7, 21, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Record:
    """What is used of a ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def happened(name: str, **changes: Any) -> Event:
    """An event as its golden example has it, with these fields instead; without `user_id`, by somebody new."""
    event = EVENTS[name]
    strangers = {user: uuid4() for user in event.USERS}
    data = {k: v for k, v in example(stored(event)).items() if k not in event.PERSONAL}
    return event.read({**data, **strangers, **changes}, event.VERSION)


def stream_of(event: Event) -> str:
    """The stream the event belongs to, by its contract."""
    kind = event.TOPIC.stream if event.TOPIC else "visitor"
    if kind == "pair":
        low, high = sorted(str(getattr(event, user)) for user in event.USERS)
        return f"pair-{low}-{high}"
    if kind in USER_STREAMS:
        return f"{kind}-{event.subject}"
    return f"{kind}-{getattr(event, f'{kind}_id', None) or event.subject}"


def told(event: Event, *, position: int = 1, version: int = 1, timeline: int = 1, **changes: Any) -> Envelope:
    """The event on its way."""
    service = event.TOPIC.producer if event.TOPIC and event.TOPIC.producer != "*" else "identity"
    return replace(
        Envelope(
            id=uuid4(),
            name=event.NAME,
            source=source_of("local", service, timeline),
            subject=event.subject,
            time=SATURDAY,
            schema_version=event.VERSION,
            stream_id=stream_of(event),
            stream_version=version,
            position=position,
            correlation_id=None,
            causation_id=None,
            traceparent=None,
            data=event.model_dump(mode="json", exclude=set(event.PERSONAL)),
        ),
        **changes,
    )


def record_of(envelope: Envelope, *, offset: int = 0, partition: int = 0) -> Record:
    """The envelope as Kafka hands it over."""
    value, headers = encode(envelope)
    return Record(envelope.name, partition, offset, envelope.key, value, headers)


def every_event() -> Iterable[str]:
    return sorted(published())


@dataclass
class Log:
    """One partition of a topic, and a relay that may start over."""

    seed: int
    name: str = "room_join"
    told: list[Envelope] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    def tell(self, envelope: Envelope) -> None:
        self.records.append(record_of(envelope, offset=len(self.records)))

    def write(self, events: int, users: Sequence[UUID]) -> None:
        """New events, in order; now and then the relay goes back some events and repeats them from there."""
        chance = random.Random(self.seed + len(self.told))
        for _ in range(events):
            user = chance.choice(users)
            self.told.append(told(happened(self.name, user_id=user), position=2 * len(self.told) + 1))
            self.tell(self.told[-1])
            if chance.random() < 0.1:
                for again in self.told[-chance.randint(1, 8) :]:
                    self.tell(again)
