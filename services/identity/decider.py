"""What an account may do: sign in, lose sessions, be suspended, be given roles, be deleted. Pure.

Unregistered ── SignIn ──> Active <── Suspend, Reinstate ──> Suspended
                              └───────────── Delete ─────────────┴──> Deleted ── FinishErasure ──> Erased
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import Discriminator

from libs.contracts.erasure import ErasureDone
from libs.contracts.event import Event
from libs.contracts.identity import (
    RoleGrant,
    RoleRevoke,
    SessionRevoke,
    UserDelete,
    UserLogin,
    UserRegister,
    UserReinstate,
    UserSuspend,
)
from libs.contracts.vocabulary import Role
from libs.eventstore.decider import Decider, Refused
from services.identity.commands import (
    Command,
    Delete,
    EndAllSessions,
    EndSession,
    FinishErasure,
    GrantRole,
    Reinstate,
    RevokeRole,
    SignIn,
    Suspend,
)

MOST_SESSIONS = 20  # devices signed in at once; one more signs the oldest out, so that the state stays small


@dataclass(frozen=True, slots=True)
class Unregistered:
    kind: Literal["unregistered"] = "unregistered"


@dataclass(frozen=True, slots=True)
class Active:
    sessions: tuple[UUID, ...] = ()  # oldest first
    roles: tuple[Role, ...] = ()  # sorted
    kind: Literal["active"] = "active"


@dataclass(frozen=True, slots=True)
class Closing:
    """A sanction that closes the account. It ends when it is lifted, not by the clock: `until` is for people."""

    sanction_id: UUID
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Suspended:
    """Closed as long as one of `sanctions` holds."""

    sanctions: tuple[Closing, ...]  # in the order they came
    roles: tuple[Role, ...] = ()
    kind: Literal["suspended"] = "suspended"


@dataclass(frozen=True, slots=True)
class Deleted:
    erased: bool = False  # and identity holds nothing of them any more
    kind: Literal["deleted"] = "deleted"


User: TypeAlias = Unregistered | Active | Suspended | Deleted


class AccountSuspended(Refused):
    """This account is suspended."""


class AccountDeleted(Refused):
    """This account has been deleted."""


class NotFound(Refused):
    """There is no such thing."""


def decide(user: User, command: Command) -> Sequence[Event]:
    match user, command:
        case Deleted(), SignIn():
            raise AccountDeleted
        case Suspended(), SignIn():
            raise AccountSuspended
        case _, SignIn():
            return _sign_in(user, command)

        case Active(sessions=sessions), EndSession(user_id, session_id, reason) if session_id in sessions:
            return [SessionRevoke(user_id=user_id, session_id=session_id, reason=reason)]
        case Active(sessions=(_, *_)), EndAllSessions(user_id, reason):
            return [SessionRevoke(user_id=user_id, session_id=None, reason=reason)]
        case _, EndSession() | EndAllSessions():
            return []  # nobody is signed in there

        case Unregistered(), _:
            raise NotFound
        case Deleted(), GrantRole():
            raise NotFound
        case Deleted(erased=False), FinishErasure(user_id):
            return [ErasureDone(user_id=user_id, service="identity")]
        case Deleted(), _:
            return []  # there is nothing left to close, open or take away

        case Suspended(sanctions=sanctions), Suspend(sanction_id=asked) if asked in map(_id, sanctions):
            return []
        case _, Suspend(user_id, sanction_id, until):
            return [UserSuspend(user_id=user_id, sanction_id=sanction_id, until=until)]
        case Suspended(sanctions=sanctions), Reinstate(user_id, sanction_id) if sanction_id in map(_id, sanctions):
            return _lift(sanctions, user_id, sanction_id)
        case _, Reinstate():
            return []

        case ((Active(roles=roles) | Suspended(roles=roles)), GrantRole(user_id, role)):
            return [] if role in roles else [RoleGrant(user_id=user_id, role=role)]
        case ((Active(roles=roles) | Suspended(roles=roles)), RevokeRole(_, role)):
            return _revoke_role(user, command) if role in roles else []
        case _, Delete(user_id):
            return [UserDelete(user_id=user_id)]
        case _, FinishErasure():
            return []  # of somebody who was not deleted
        case _:
            raise AssertionError(f"no answer to {command}")


def _sign_in(user: User, command: SignIn) -> Sequence[Event]:
    sessions = user.sessions if isinstance(user, Active) else ()
    if command.session_id in sessions:
        return []
    login = UserLogin(
        user_id=command.user_id,
        session_id=command.session_id,
        auth_provider=command.auth_provider,
        device_type=command.device_type,
    )
    if isinstance(user, Unregistered):
        register = UserRegister(
            user_id=command.user_id,
            auth_provider=command.auth_provider,
            email=command.email,
            auth_provider_user_id=command.subject,
        )
        return [register, login]
    crowded_out = sessions[: max(0, len(sessions) + 1 - MOST_SESSIONS)]
    return [
        *(SessionRevoke(user_id=command.user_id, session_id=old, reason="signed_out") for old in crowded_out),
        login,
    ]


def _lift(sanctions: tuple[Closing, ...], user_id: UUID, sanction_id: UUID) -> Sequence[Event]:
    """The account opens with the last of its sanctions."""
    left = [each for each in sanctions if each.sanction_id != sanction_id]
    if not left:
        return [UserReinstate(user_id=user_id, sanction_id=sanction_id)]
    newest = left[-1]
    return [UserSuspend(user_id=user_id, sanction_id=newest.sanction_id, until=newest.until, lifted=sanction_id)]


def _id(closing: Closing) -> UUID:
    return closing.sanction_id


def _revoke_role(user: User, command: RevokeRole) -> Sequence[Event]:
    """Tokens that are out say the role for minutes; so they end, and who bears them signs in again."""
    events: list[Event] = [RoleRevoke(user_id=command.user_id, role=command.role)]
    if isinstance(user, Active) and user.sessions:
        events.append(SessionRevoke(user_id=command.user_id, session_id=None, reason="role_changed"))
    return events


def evolve(user: User, event: Event) -> User:
    match user, event:
        case Unregistered(), UserRegister():
            return Active()
        case Active(sessions=sessions), UserLogin(session_id=began):
            return replace(user, sessions=(*sessions, began))
        case Active(), SessionRevoke(session_id=None):
            return replace(user, sessions=())
        case Active(sessions=sessions), SessionRevoke(session_id=ended):
            return replace(user, sessions=tuple(each for each in sessions if each != ended))
        case ((Active(roles=roles) | Suspended(roles=roles)), UserSuspend(sanction_id=closes, until=until) as e):
            before = user.sanctions if isinstance(user, Suspended) else ()
            kept = tuple(each for each in before if each.sanction_id not in (e.lifted, closes))
            return Suspended((*kept, Closing(closes, until)), roles)
        case Suspended(roles=roles), UserReinstate():
            return Active(roles=roles)
        case ((Active() | Suspended()), RoleGrant(role=role)):
            return replace(user, roles=tuple(sorted({*user.roles, role})))
        case ((Active() | Suspended()), RoleRevoke(role=role)):
            return replace(user, roles=tuple(each for each in user.roles if each != role))
        case ((Active() | Suspended()), UserDelete()):
            return Deleted()
        case Deleted(), ErasureDone():
            return Deleted(erased=True)
        case _:
            return user


USER: Decider[User, Command] = Decider(
    "user", Unregistered(), decide, evolve, state_type=Annotated[User, Discriminator("kind")], state_schema=2
)


def stream_of(user_id: UUID) -> str:
    return f"user-{user_id}"
