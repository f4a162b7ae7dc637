"""What social says of a pair, in its order, and the ways it may arrive."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

from hypothesis import strategies as st

from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.social import (
    BlockUser,
    FriendAccept,
    FriendRemove,
    FriendRequest,
    MuteUser,
    UnblockUser,
    UnmuteUser,
)
from libs.safety.pairs import pair_stream

NINE = datetime(2026, 2, 6, 21, tzinfo=UTC)
ANN, BOB, CEM = UUID(int=1), UUID(int=2), UUID(int=3)


def said(one: UUID, other: UUID, kind: type[Event]) -> Event:
    """`one` does it."""
    return kind.model_validate(dict(zip(kind.model_fields, (one, other), strict=True)))


def envelope(event: Event, stream_id: str, version: int, *, timeline: int = 1) -> Envelope:
    return Envelope(
        id=uuid5(event.subject, f"{stream_id} {timeline} {version}"),
        name=event.NAME,
        source=f"/virtubar/test/social/{timeline}",
        subject=event.subject,
        time=NINE,
        schema_version=event.VERSION,
        stream_id=stream_id,
        stream_version=version,
        position=version,
        correlation_id=None,
        causation_id=None,
        traceparent=None,
        data=event.model_dump(mode="json"),
    )


def in_order(events: Sequence[Event], one: UUID = ANN, other: UUID = BOB, *, timeline: int = 1) -> list[Envelope]:
    """As the pair's stream has them, from version 1."""
    return [envelope(event, pair_stream(one, other), n, timeline=timeline) for n, event in enumerate(events, 1)]


KINDS = (FriendRequest, FriendAccept, FriendRemove, BlockUser, UnblockUser, MuteUser, UnmuteUser)
one_event = st.builds(
    lambda kind, turned: said(BOB, ANN, kind) if turned else said(ANN, BOB, kind),
    st.sampled_from(KINDS),
    st.booleans(),
)
histories = st.lists(one_event, max_size=14).map(in_order)


@st.composite
def arrivals(draw: st.DrawFn, history: Sequence[Envelope]) -> list[Envelope]:
    """What Kafka allows: order within a key of a topic, none between; and any lane may come again from further back."""
    lanes: dict[tuple[str, bytes], list[Envelope]] = {}
    for each in history:
        lanes.setdefault((each.name, each.key), []).append(each)
    at, arrived, rewinds = dict.fromkeys(lanes, 0), [], 0
    while left := [lane for lane in lanes if at[lane] < len(lanes[lane])]:
        lane = draw(st.sampled_from(left))
        arrived.append(lanes[lane][at[lane]])
        at[lane] += 1
        if rewinds < 3 and draw(st.booleans()):
            rewinds += 1
            at[lane] = draw(st.integers(0, at[lane]))
    return arrived
