"""What a producer tells, in its order, and every way in which Kafka may bring it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid5

from hypothesis import strategies as st

from libs.contracts.cloudevents import Envelope, source_of
from libs.contracts.event import Event

NINE = datetime(2026, 2, 6, 21, tzinfo=UTC)
REWINDS = 3


def envelope(
    event: Event, stream_id: str, version: int, *, service: str = "social", timeline: int = 1, position: int = 0
) -> Envelope:
    """As the relay of `service` tells it. Its id follows from its place, as once it is in the log."""
    return Envelope(
        id=uuid5(event.subject, f"{service} {stream_id} {timeline} {version}"),
        name=event.NAME,
        source=source_of("test", service, timeline),
        subject=event.subject,
        time=NINE + timedelta(seconds=position or version),
        schema_version=event.VERSION,
        stream_id=stream_id,
        stream_version=version,
        position=position or version,
        correlation_id=None,
        causation_id=None,
        traceparent=None,
        data=event.model_dump(mode="json"),
    )


def lane(told: Envelope) -> tuple[str, str, bytes]:
    """What is told in one of these arrives in its order: a topic, a producer, a key."""
    return told.name, told.source.rpartition("/")[0], told.key


@st.composite
def arrivals(draw: st.DrawFn, history: Sequence[Envelope]) -> list[Envelope]:
    """What Kafka allows: order within a lane, none between; and any lane may come again from further back."""
    lanes: dict[tuple[str, str, bytes], list[Envelope]] = {}
    for each in history:
        lanes.setdefault(lane(each), []).append(each)
    at, arrived, rewinds = dict.fromkeys(lanes, 0), [], 0
    while left := [each for each in lanes if at[each] < len(lanes[each])]:
        chosen = draw(st.sampled_from(left))
        arrived.append(lanes[chosen][at[chosen]])
        at[chosen] += 1
        if rewinds < REWINDS and draw(st.booleans()):
            rewinds += 1
            at[chosen] = draw(st.integers(0, at[chosen]))
    return arrived
