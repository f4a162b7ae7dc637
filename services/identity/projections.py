"""What happened, as rows: accounts, the ways into them, their roles and their sessions."""

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
from libs.eventstore.db import Db
from libs.eventstore.errors import Conflict
from libs.eventstore.projections import Projection, Table
from libs.eventstore.recorded import Recorded

# The way in comes first: where somebody else has just taken it, there is no account. Erased people have none.
REGISTER = """
with login as (
  insert into logins (provider, subject, user_id, linked_at) select $4, $5, $1, $2 where $5::text is not null
  on conflict (provider, subject) do nothing returning 1
), account as (
  insert into users (id, created_at, updated_at, email, auth_provider, auth_provider_user_id, status)
  select $1, $2, $2, $3, $4, $5, 'active' where $5::text is null or exists (select from login) returning 1
)
select exists (select from account)"""
LOGIN = """
with session as (
  insert into sessions (id, user_id, auth_provider, device_type, started_at) values ($2, $1, $3, $4, $5)
)
update users set last_login_at = $5, updated_at = $5 where id = $1"""
END = """
update sessions set ended_at = $4, end_reason = $3
where user_id = $1 and ended_at is null and ($2::uuid is null or id = $2)"""
# The account's own time too, so that what comes next is later: see accounts.py.
END_ALL = "update users set updated_at = $2 where id = $1"
STATUS = "update users set status = $2, updated_at = $3 where id = $1"
GRANT = "insert into user_roles (user_id, role, granted_at) values ($1, $2, $3) on conflict do nothing"
REVOKE = "delete from user_roles where user_id = $1 and role = $2"
DELETE = """
with gone as (delete from logins where user_id = $1),
     unseated as (delete from sessions where user_id = $1),
     stripped as (delete from user_roles where user_id = $1)
update users set email = null, auth_provider_user_id = null, status = 'deleted', updated_at = $2 where id = $1"""
ERASURE = "insert into erasures (receipt, user_id, requested_at) values ($1, $2, $3)"

TABLES = (
    Table(
        "users",
        ("id",),
        ("created_at", "updated_at", "email", "auth_provider", "auth_provider_user_id", "status", "last_login_at"),
    ),
    Table("logins", ("provider", "subject"), ("user_id", "linked_at")),
    Table("user_roles", ("user_id", "role"), ("granted_at",)),
    Table("sessions", ("id",), ("user_id", "auth_provider", "device_type", "started_at", "ended_at", "end_reason")),
    Table("erasures", ("receipt",), ("user_id", "requested_at")),
)


async def project(db: Db, happened: Recorded) -> None:
    """Raises Conflict where the first sign-in of somebody was overtaken by another of the same person."""
    event, at = happened.event, happened.at
    match event:
        case UserRegister(user_id=user, email=email, auth_provider=provider, auth_provider_user_id=subject):
            if not await db.fetchval(REGISTER, user, at, email, provider, subject):
                raise Conflict(happened.stream_id)
        case UserLogin(user_id=user, session_id=session, auth_provider=provider, device_type=device):
            await db.execute(LOGIN, user, session, provider, device, at)
        case SessionRevoke(user_id=user, session_id=session, reason=reason):
            await db.execute(END, user, session, reason, at)
            if session is None:
                await db.execute(END_ALL, user, at)
        case UserSuspend(user_id=user):
            await db.execute(END, user, None, "suspended", at)
            await db.execute(STATUS, user, "suspended", at)
        case UserReinstate(user_id=user):
            await db.execute(STATUS, user, "active", at)
        case RoleGrant(user_id=user, role=role):
            await db.execute(GRANT, user, role, at)
        case RoleRevoke(user_id=user, role=role):
            await db.execute(REVOKE, user, role)
        case UserDelete(user_id=user):
            await db.execute(DELETE, user, at)
            await db.execute(ERASURE, happened.event_id, user, at)
        case Event():
            pass


ACCOUNTS = Projection(TABLES, project)
