"""Refresh-token families in Postgres: one row per session, which every rotation rewrites."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from libs.eventstore.db import Db, Pool
from libs.eventstore.errors import Conflict
from services.identity import queries
from services.identity.refresh import Family, RefreshToken, Verdict, judge

BEGIN = """
insert into refresh_families (session_id, user_id, generation, token_hash, started_at, rotated_at, expires_at)
values ($1, $2, $3, $4, $5, $5, $5::timestamptz + $6::interval)"""
# The usual case in one round trip. Of two that present the same token one finds it moved on, and looks again.
ROTATE = """
update refresh_families f
set generation = $4, token_hash = $5, rotated_at = $6::timestamptz,
    expires_at = least($6::timestamptz + $7::interval, f.started_at + $8::interval)
from sessions s, users u
where f.session_id = $1 and f.generation = $2 and f.token_hash = $3 and f.expires_at > $6
  and s.id = f.session_id and s.ended_at is null and u.id = f.user_id and u.status = 'active'
returning s.started_at as signed_in_at,
  u.*, array(select role from user_roles r where r.user_id = u.id order by role) as roles"""
LOOK = """
select f.user_id, f.generation, f.token_hash, s.started_at, f.rotated_at, f.expires_at, s.end_reason,
       u.status = 'suspended' as suspended
from refresh_families f join sessions s on s.id = f.session_id join users u on u.id = f.user_id
where f.session_id = $1"""
FORGET = "delete from refresh_families where user_id = $1"
SWEEP = "delete from refresh_families where expires_at < $1"

LOOKS = 3  # at a family that moves while it is looked at


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a token was not taken; `user_id` where there is such a session."""

    verdict: Verdict
    user_id: UUID | None


@dataclass(frozen=True, slots=True)
class Rotated:
    """The account (see queries.account), and when the session began."""

    user: Record
    signed_in_at: datetime


@dataclass(frozen=True, slots=True)
class Families:
    """`idle`: unused for so long, a session is over; `longest`: used or not; `grace`: see `judge`."""

    pool: Pool
    idle: timedelta
    longest: timedelta
    grace: timedelta

    async def begin(self, db: Db, user_id: UUID, first: RefreshToken, at: datetime) -> None:
        await db.execute(BEGIN, first.session_id, user_id, first.generation, first.hash, at, self.idle)

    async def rotate(self, token: RefreshToken, successor: RefreshToken, at: datetime) -> Rotated | Refusal:
        """Once `successor` is the token to use, now or since a moment ago."""
        for _ in range(LOOKS):
            moved = await self.pool.fetchrow(
                ROTATE,
                token.session_id,
                token.generation,
                token.hash,
                successor.generation,
                successor.hash,
                at,
                self.idle,
                self.longest,
            )
            if moved:
                return Rotated(moved, moved["signed_in_at"])
            row = await self.pool.fetchrow(LOOK, token.session_id)
            family = Family(**row) if row else None
            verdict = judge(token, family, at, self.grace)
            if verdict is Verdict.REPEATED and family:
                return Rotated(await queries.account(self.pool, family.user_id), family.started_at)
            if verdict is not Verdict.CURRENT:
                return Refusal(verdict, family.user_id if family else None)
        raise Conflict(f"refresh of session {token.session_id}")

    async def sweep(self, at: datetime) -> None:
        await self.pool.execute(SWEEP, at)
