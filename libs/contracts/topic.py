"""What the broker is told of a topic, and who may read it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Audience = Literal["public", "restricted"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One event's topic, named after the event.

    `stream` is the kind of stream its events live in (inside one stream `ce_streamversion` orders them);
    `restricted` topics would tell who reported or blocked whom, and broker ACLs keep analysts out of them.
    """

    producer: str  # the service that writes it; "*" for the one topic all share
    stream: str  # visitor, room, user …
    audience: Audience = "public"
    partitions: int = 3
    retention: timedelta = timedelta(days=30)
