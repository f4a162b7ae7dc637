"""One-use ways in: made by somebody who may, good for a while, and used up by the first seat they open."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from libs.chassis.problems import RateLimited
from libs.eventstore import gone
from libs.eventstore.db import Pool, Record
from libs.eventstore.idempotency import resource_id
from libs.eventstore.store import Answer, Once, Store, Unit
from libs.safety.relation import GOOD
from libs.safety.replica import relations_of
from libs.safety.rule import can_interact
from libs.safety.surface import Surface
from services.rooms.deciders.order import Invite
from services.rooms.deciders.refusals import InviteUsed, NotFound, RoomFull
from services.rooms.deciders.room import ROOM, room_stream
from services.rooms.guards import lock
from services.rooms.ports import Ticket
from services.rooms.settings import RoomsSettings
from services.rooms.visits import Fresh, Guest, Visits, seated

SECRET: Final = 24  # bytes
HOUR: Final = timedelta(hours=1)

SEATED = "select exists (select from seats where user_id = $1 and room_id = $2 and state = 'seated')"
MADE = "select exists (select from invites where id = $1)"
KNOWN = "select exists (select from guests where user_id = $1)"
LATELY = (
    "select count(*) as made, min(created_at) as oldest from invites where inviter_user_id = $1 and created_at > $2"
)
SEAL = "update invites set token_hash = $2 where id = $1 and used_visit is null returning expires_at"
FIND = "select id from invites where token_hash = $1"
LOCK_INVITE = """
select id, room_id, inviter_user_id, user_id, expires_at, used_by, used_visit from invites
where id = any($1::uuid[]) order by id for update
"""
LOCK_INVITER = "select user_id from host_guards where user_id = any($1::uuid[]) order by user_id for update"
BE_KNOWN = "insert into host_guards (user_id) values ($1) on conflict do nothing"
FORGET_TOKENS = "update invites set token_hash = null where token_hash is not null and expires_at <= $1"


@dataclass(frozen=True, slots=True)
class Invited:
    """`token` is shown once; a repeated request gets another, and the one before opens nothing any more."""

    id: UUID
    token: str
    expires_at: datetime


class Invites:
    """Each invite is locked before the room it opens, so that of two who use it at once one comes too late."""

    def __init__(self, store: Store, pool: Pool, visits: Visits, settings: RoomsSettings) -> None:
        self._store = store
        self._pool = pool
        self._visits = visits
        self._settings = settings

    async def create(
        self, room_id: UUID, by: UUID, user: UUID | None, at: datetime, *, moderator: bool, once: Once | None = None
    ) -> Invited:
        """A private or locked room's host and moderators may; to a public one anybody seated there may.

        Raises NotFound (the room, or the person, who may not want to be found), RoomClosed, NotHost, NotSeated, Self,
        RateLimited; InviteUsed where `once` made one that has been used.
        """
        invite_id = resource_id(once)

        async def work(unit: Unit) -> Invited:
            if once and (before := await unit.once(once)):
                return await self._seal(unit, UUID(before.resource))
            await gone.must_be_here(unit.db, by)
            await self._must_be_reachable(unit, by, user)
            await unit.db.execute(BE_KNOWN, by)
            await unit.guard(LOCK_INVITER, [by])
            await self._must_be_in_time(unit, by)
            if room_id not in await lock(unit, [room_id]):
                raise NotFound
            seated = await unit.db.fetchval(SEATED, by, room_id)
            stream = await unit.load(ROOM, room_stream(room_id))
            known = await unit.db.fetchval(MADE, invite_id)
            until = at + self._settings.invite
            command = Invite(by, invite_id, user, until, seated=seated, moderator=moderator, known=known)
            await unit.append(ROOM, stream, ROOM.decide(stream.state, command))
            invited = await self._seal(unit, invite_id)
            if once:
                await unit.answer(Answer(201, str(invite_id)))
            return invited

        return await self._store.run(work, at=at)

    async def join(self, guest: Guest, token: str, at: datetime, once: Once | None = None) -> Ticket:
        """A seat in the room it opens; for whoever used it the same visit again, as long as that lasts.

        Where the room is full it is not used up, and whoever shows it stands in line.

        Raises NotFound, InviteUsed, and what `Visits.hold` raises but RoomPrivate and RoomLocked.
        """
        fresh = Fresh()
        digest = sha256(token.encode()).digest()

        async def work(unit: Unit) -> Ticket | RoomFull:
            if once and (before := await unit.once(once)):
                return await self._visits.again(unit, guest, UUID(before.resource))
            await gone.must_be_here(unit.db, guest.user_id)
            invite = await self._locked(unit, digest)
            if invite["used_by"] == guest.user_id:
                return await self._again(unit, guest, invite)
            await self._must_be_for(unit, guest.user_id, invite)
            ticket = await self._visits.keep(unit, guest, invite["room_id"], fresh, invite_id=invite["id"])
            if once and isinstance(ticket, Ticket):
                await unit.answer(Answer(200, str(ticket.visit_id)))
            return ticket

        return seated(await self._store.run(work, at=at))

    async def _seal(self, unit: Unit, invite_id: UUID) -> Invited:
        token = secrets.token_urlsafe(SECRET)
        expires_at = await unit.db.fetchval(SEAL, invite_id, sha256(token.encode()).digest())
        if expires_at is None or expires_at <= unit.at:
            raise InviteUsed
        return Invited(invite_id, token, expires_at)

    async def _locked(self, unit: Unit, digest: bytes) -> Record:
        found = await unit.db.fetchval(FIND, digest)
        rows = await unit.guard(LOCK_INVITE, [found] if found else [])
        if not rows:
            raise NotFound
        return rows[0]

    async def _again(self, unit: Unit, guest: Guest, invite: Record) -> Ticket:
        seat = await unit.db.fetchval("select visit_id from seats where user_id = $1", guest.user_id)
        if seat != invite["used_visit"]:
            raise InviteUsed
        return await self._visits.again(unit, guest, seat)

    async def _must_be_for(self, unit: Unit, user: UUID, invite: Record) -> None:
        """Whose name is not on it, or who is in a block with whoever made it, finds nothing there."""
        if invite["user_id"] not in (None, user):
            raise NotFound
        inviter = invite["inviter_user_id"]
        relations = await relations_of(unit.db, inviter, [user])
        if inviter != user and not can_interact(GOOD, GOOD, Surface.INVITE, relations[user]):
            raise NotFound
        if invite["used_visit"] is not None or unit.at >= invite["expires_at"]:
            raise InviteUsed

    async def _must_be_reachable(self, unit: Unit, by: UUID, user: UUID | None) -> None:
        if user is None or user == by:
            return
        known = await unit.db.fetchval(KNOWN, user)
        if not known or not can_interact(GOOD, GOOD, Surface.INVITE, (await relations_of(unit.db, by, [user]))[user]):
            raise NotFound

    async def _must_be_in_time(self, unit: Unit, by: UUID) -> None:
        row = await unit.db.fetchrow(LATELY, by, unit.at - HOUR)
        if row and row["made"] >= self._settings.limit_invites_per_hour:
            raise RateLimited(retry_after=max(1, int((row["oldest"] + HOUR - unit.at).total_seconds())))
