"""Whose cards somebody looked at. Stream `viewer-{id}`, which puts one viewer's looks in an order.

When a card was last told of is in `profile_opens`, which grows with the people one knows and not with one's looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.social import ProfileOpen
from libs.eventstore.decider import Decider


def viewer_stream(user_id: UUID) -> str:
    return f"viewer-{user_id}"


@dataclass(frozen=True, slots=True)
class Open:
    """Somebody looks at a card; `last` is when that was told of before."""

    viewer: UUID
    profile: UUID
    at: datetime
    last: datetime | None
    once_in: timedelta


@dataclass(frozen=True, slots=True)
class Viewer:
    """Nothing: what there is to know comes in the command."""


def decide(_: Viewer, command: Open) -> Sequence[Event]:
    if command.viewer == command.profile:
        return []
    if command.last is not None and command.at - command.last < command.once_in:
        return []
    return [ProfileOpen(viewer_user_id=command.viewer, profile_user_id=command.profile)]


def evolve(state: Viewer, _: Event) -> Viewer:
    return state


VIEWER: Decider[Viewer, Open] = Decider("viewer", Viewer(), decide, evolve, state_type=Viewer)
