"""Identity's facts: who signed in, who may, and who is gone."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from libs.contracts.event import Event, Personal
from libs.contracts.topic import Topic
from libs.contracts.vocabulary import (
    AuthProvider,
    DeviceType,
    Instant,
    RevokeReason,
    Role,
    UserId,
)

USER = Topic(producer="identity", stream="user")


class UserRegister(Event):
    """Somebody signed in for the first time."""

    TOPIC = USER
    user_id: UserId
    auth_provider: AuthProvider
    email: Personal[str] = None
    auth_provider_user_id: Personal[str] = None


class UserLogin(Event):
    """Somebody signed in: a session began."""

    TOPIC = USER
    user_id: UserId
    session_id: UUID
    auth_provider: AuthProvider
    device_type: DeviceType


class LoginLink(Event):
    """An account can be entered by one more login."""

    TOPIC = USER
    user_id: UserId
    auth_provider: AuthProvider
    login_subject: Annotated[Personal[str], Field(alias="subject")] = None


class LoginUnlink(Event):
    """An account can no longer be entered by this login."""

    TOPIC = USER
    user_id: UserId
    auth_provider: AuthProvider
    login_subject: Annotated[Personal[str], Field(alias="subject")] = None


class SessionRevoke(Event):
    """A session ended before its time; every session of the user where `session_id` is null."""

    TOPIC = USER
    user_id: UserId
    session_id: UUID | None
    reason: RevokeReason


class UserSuspend(Event):
    """The account is closed by `sanction_id`, until `until` or for good; others may close it for longer.

    Where `lifted` is given nothing was opened: that sanction holds no more, `sanction_id` still does.
    """

    TOPIC = USER
    user_id: UserId
    sanction_id: UUID
    until: Instant | None = None
    lifted: UUID | None = None


class UserReinstate(Event):
    """No sanction closes the account any more; `sanction_id` was the last that did."""

    TOPIC = USER
    user_id: UserId
    sanction_id: UUID | None = None


class RoleGrant(Event):
    """Somebody may do more."""

    TOPIC = USER
    user_id: UserId
    role: Role


class RoleRevoke(Event):
    """Somebody may do less."""

    TOPIC = USER
    user_id: UserId
    role: Role


class UserDelete(Event):
    """Somebody asked to be forgotten: every service erases what it holds and answers with `erasure_done`."""

    TOPIC = USER
    user_id: UserId
