"""SQL to rows."""

from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from libs.contracts.vocabulary import AuthProvider
from libs.eventstore.db import Db, Pool
from services.identity.decider import NotFound

USER_OF_LOGIN = "select user_id from logins where provider = $1 and subject = $2"
USER_OF_EMAIL = "select id from users where email = $1"
ACCOUNT = """
select u.*, array(select role from user_roles r where r.user_id = u.id order by role) as roles
from users u where u.id = $1"""
IS_SESSION_OF = "select true from sessions where id = $1 and user_id = $2"
IS_LIVE = "select true from sessions where id = $1 and ended_at is null"
# A session whose refresh tokens have run out is over, though nobody ended it.
SESSIONS = """
select s.id, s.device_type, s.auth_provider, s.started_at, f.rotated_at as last_seen_at
from sessions s join refresh_families f on f.session_id = s.id
where s.user_id = $1 and s.ended_at is null and f.expires_at > $2
  and ($3::timestamptz is null or (s.started_at, s.id) < ($3, $4))
order by s.started_at desc, s.id desc limit $5"""

BEFORE_ALL: Final = (None, None)


async def user_of_login(db: "Db | Pool", provider: AuthProvider, subject: str) -> UUID | None:
    found: UUID | None = await db.fetchval(USER_OF_LOGIN, provider, subject)
    return found


async def user_of_email(db: "Db | Pool", email: str) -> UUID | None:
    found: UUID | None = await db.fetchval(USER_OF_EMAIL, email)
    return found


async def account(db: "Db | Pool", user_id: UUID) -> Record:
    """The columns of `users`, and `roles`. Raises NotFound."""
    if found := await db.fetchrow(ACCOUNT, user_id):
        return found
    raise NotFound


async def is_session_of(db: "Db | Pool", session_id: UUID, user_id: UUID) -> bool:
    return bool(await db.fetchval(IS_SESSION_OF, session_id, user_id))


async def is_live(db: "Db | Pool", session_id: UUID) -> bool:
    return bool(await db.fetchval(IS_LIVE, session_id))


async def sessions(
    db: "Db | Pool", user_id: UUID, at: datetime, after: tuple[datetime, UUID] | None, limit: int
) -> list[Record]:
    """Devices signed in, newest first; `after` is (started_at, id) of the last one seen."""
    return await db.fetch(SESSIONS, user_id, at, *(after or BEFORE_ALL), limit)
