"""What crosses the door: the values the service answers with, to the API as to the realtime nodes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.contracts.vocabulary import DeviceType, Theme


@dataclass(frozen=True, slots=True)
class Ticket:
    """A way to the socket: `ticket` is shown once in `hello` at `ws_url`, before `expires_at`."""

    visit_id: UUID
    room_id: UUID
    ticket: str
    ws_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody was let in. `joined`: this `hello` made the visit; else its seat was taken before, on whatever socket.

    `resume_token` replaces the one before, which stays good until `confirm`.
    """

    visit_id: UUID
    user_id: UUID
    room_id: UUID
    session_id: UUID
    issued_at: datetime  # of the access token that asked for the seat: what was revoked later ends it
    device_type: DeviceType
    resume_token: str
    joined: bool
    held_at: datetime  # when the seat was kept for this visit
    moderator: bool = False  # by the token that asked for the ticket
    profile_version: int = 0  # as far as rooms has heard
    emotes: Collection[str] = ()  # skus of their own, likewise


@dataclass(frozen=True, slots=True)
class Owned:
    """A room that a node owns; every durable write for it carries `fence`, which grows with each change of owner."""

    room_id: UUID
    fence: int
    theme: Theme
    capacity: int
    created_by: UUID | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Seat:
    """A visit going on in a room: what a new owner knows of the people it takes over."""

    visit_id: UUID
    user_id: UUID
    session_id: UUID
    issued_at: datetime
    device_type: DeviceType
    last_heartbeat: datetime
    held_at: datetime
    moderator: bool = False
    profile_version: int = 0
    emotes: Collection[str] = ()
