"""HTTP in: friends, blocks, mutes."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from libs.chassis.answers import Statuses
from libs.chassis.auth import Me
from libs.chassis.openapi import refuses
from libs.chassis.pagination import Page, Paging
from libs.eventstore.db import Pool, Record
from services.social.deciders.pair import FriendLimit, Self
from services.social.deciders.refusals import NotFound
from services.social.pairs import Pairs
from services.social.queries import pairs as queries
from services.social.queries.pairs import Seen, Status
from services.social.schemas.pairs import Friend, Friendship, FriendStatus, Person

REFUSALS: Statuses = {NotFound: 404, Self: 409, FriendLimit: 409}
Clock = Callable[[], datetime]


def routes(pairs: Pairs, pool: Pool, clock: Clock) -> APIRouter:
    """`clock` is the wall clock, aware."""
    api = APIRouter(prefix="/v1")
    api.include_router(_friends(pairs, pool, clock))
    api.include_router(_blocks(pairs, pool, clock))
    api.include_router(_mutes(pairs, pool, clock))
    return api


def _friends(pairs: Pairs, pool: Pool, clock: Clock) -> APIRouter:
    api = APIRouter(prefix="/friends", tags=["friends"])

    @api.get("")
    async def list_friends(me: Me, paging: Paging, status: Status | None = None) -> Page[Friend]:
        rows = await queries.friends(pool, me.user_id, status, paging.after(tuple[datetime, UUID]), paging.fetch)
        return paging.page(rows, Friend.of, _key)

    @api.get("/{user_id}", responses=refuses(REFUSALS, NotFound))
    async def get_friendship(user_id: UUID, me: Me) -> Friendship:
        return Friendship.of(user_id, *await queries.friendship(pool, me.user_id, user_id))

    @api.put("/{user_id}", responses=refuses(REFUSALS, NotFound, Self, FriendLimit))
    async def befriend(user_id: UUID, me: Me) -> FriendStatus:
        """Ask; or accept, where the other has asked."""
        pair = await pairs.befriend(me.user_id, user_id, clock())
        return FriendStatus(status="accepted" if pair.friends else "pending")

    @api.delete("/{user_id}", status_code=204, responses=refuses(REFUSALS, Self))
    async def unfriend(user_id: UUID, me: Me) -> None:
        """Decline, cancel or end it."""
        await pairs.unfriend(me.user_id, user_id, clock())

    return api


def _blocks(pairs: Pairs, pool: Pool, clock: Clock) -> APIRouter:
    api = APIRouter(prefix="/blocks", tags=["blocks"])

    @api.get("")
    async def list_blocks(me: Me, paging: Paging) -> Page[Person]:
        rows = await queries.blocks(pool, me.user_id, paging.after(tuple[datetime, UUID]), paging.fetch)
        return paging.page(rows, Person.of, _key)

    @api.put("/{user_id}", status_code=204, responses=refuses(REFUSALS, NotFound, Self))
    async def block(user_id: UUID, me: Me) -> None:
        """Neither sees the other any more; friendship and requests between the two end."""
        await pairs.block(me.user_id, user_id, clock())

    @api.delete("/{user_id}", status_code=204, responses=refuses(REFUSALS, Self))
    async def unblock(user_id: UUID, me: Me) -> None:
        await pairs.unblock(me.user_id, user_id, clock())

    return api


def _mutes(pairs: Pairs, pool: Pool, clock: Clock) -> APIRouter:
    api = APIRouter(prefix="/mutes", tags=["mutes"])

    @api.get("")
    async def list_mutes(me: Me, paging: Paging) -> Page[Person]:
        rows = await queries.mutes(pool, me.user_id, paging.after(tuple[datetime, UUID]), paging.fetch)
        return paging.page(rows, Person.of, _key)

    @api.put("/{user_id}", status_code=204, responses=refuses(REFUSALS, NotFound, Self))
    async def mute(user_id: UUID, me: Me) -> None:
        """I no longer hear or read this person."""
        await pairs.mute(me.user_id, user_id, clock())

    @api.delete("/{user_id}", status_code=204, responses=refuses(REFUSALS, Self))
    async def unmute(user_id: UUID, me: Me) -> None:
        await pairs.unmute(me.user_id, user_id, clock())

    return api


def _key(row: Record) -> Seen:
    return row["created_at"], row["user_id"]
