"""What an account can be asked to do. What a decision needs (ids, times, who the provider says it is) comes along."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from libs.contracts.vocabulary import AuthProvider, DeviceType, RevokeReason, Role


@dataclass(frozen=True, slots=True)
class SignIn:
    """Begin a session; the first one registers the account. `subject` is who the provider says it is."""

    user_id: UUID
    session_id: UUID
    auth_provider: AuthProvider
    subject: str
    email: str | None
    device_type: DeviceType


@dataclass(frozen=True, slots=True)
class EndSession:
    user_id: UUID
    session_id: UUID
    reason: RevokeReason


@dataclass(frozen=True, slots=True)
class EndAllSessions:
    user_id: UUID
    reason: RevokeReason


@dataclass(frozen=True, slots=True)
class Suspend:
    user_id: UUID
    sanction_id: UUID
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Reinstate:
    """Lift one sanction; one that is not in force (any more) is none of its business."""

    user_id: UUID
    sanction_id: UUID


@dataclass(frozen=True, slots=True)
class GrantRole:
    user_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class RevokeRole:
    user_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Delete:
    """Forget this person, everywhere."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class FinishErasure:
    """Say that identity has forgotten them."""

    user_id: UUID


Command: TypeAlias = (
    SignIn | EndSession | EndAllSessions | Suspend | Reinstate | GrantRole | RevokeRole | Delete | FinishErasure
)
