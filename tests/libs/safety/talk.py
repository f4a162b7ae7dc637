"""What social says of a pair, in its order."""

from collections.abc import Sequence
from uuid import UUID

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
from tests.weave import envelope

ANN, BOB, CEM = UUID(int=1), UUID(int=2), UUID(int=3)


def said(one: UUID, other: UUID, kind: type[Event]) -> Event:
    """`one` does it."""
    return kind.model_validate(dict(zip(kind.model_fields, (one, other), strict=True)))


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
