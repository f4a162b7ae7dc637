"""Who is whose friend, and who keeps away from whom: the door to the pairs' streams."""

from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from libs.chassis.problems import RateLimited
from libs.contracts.social import FriendRequest
from libs.eventstore import gone
from libs.eventstore.gone import PersonErased
from libs.eventstore.store import Store, Unit
from libs.safety.pairs import pair_stream
from libs.safety.standings import is_suspended
from services.social.deciders.pair import (
    PAIR,
    Befriend,
    Block,
    Circle,
    Command,
    Mute,
    Pair,
    Self,
    Unblock,
    Unfriend,
    Unmute,
)
from services.social.deciders.refusals import NotFound
from services.social.settings import SocialSettings

GUARDS = """
insert into friend_guards (user_id) select each from unnest($1::uuid[]) as each order by each
on conflict (user_id) do nothing
"""
LOCK = "select user_id, asked_until from friend_guards where user_id = any($1::uuid[]) order by user_id for update"
FRIENDS = """
select count(*) filter (where user_id = $1) as mine, count(*) filter (where user_id = $2) as theirs
from friendships where user_id in ($1, $2) and status = 'accepted'
"""
ASKED = "update friend_guards set asked_until = $2 where user_id = $1"
KNOWN = "select exists (select from profiles where user_id = $1)"
FORGET = "delete from friend_guards where user_id = $1"


HOUR = timedelta(hours=1)


class Pairs:
    """Commands may be repeated: what is so already stays so, and no event says it again.

    Whoever is unknown, erased, or in a block with somebody is absent for them. All raise Self where the two are one.
    """

    def __init__(self, store: Store, settings: SocialSettings) -> None:
        self._store = store
        self._limit = settings.limit_friends
        self._requests_an_hour = settings.limit_friend_requests_an_hour

    async def befriend(self, by: UUID, other: UUID, at: datetime) -> Pair:
        """Ask, or accept where the other has asked. Raises NotFound, FriendLimit, RateLimited."""
        if by == other:
            raise Self

        async def work(unit: Unit) -> Pair:
            if not await _there(unit, by, other, known=True) or await is_suspended(unit.db, other):
                raise NotFound
            asked_until = await _lock(unit, by, other)
            stream = await unit.load(PAIR, pair_stream(by, other))
            mine, theirs = await unit.db.fetchrow(FRIENDS, by, other) or (0, 0)
            events = PAIR.decide(stream.state, Befriend(by, other, Circle(mine, theirs, self._limit)))
            if any(isinstance(each, FriendRequest) for each in events):
                await unit.db.execute(ASKED, by, _one_more(asked_until, at, self._requests_an_hour))
            return (await unit.append(PAIR, stream, events)).state

        return await self._store.run(work, at=at)

    async def unfriend(self, by: UUID, other: UUID, at: datetime) -> None:
        """Decline, cancel or end it."""
        await self._decide(Unfriend(by, other), at)

    async def block(self, by: UUID, other: UUID, at: datetime) -> None:
        """Also whoever blocked one first, or is suspended. Raises NotFound."""
        await self._decide(Block(by, other), at, known=True)

    async def unblock(self, by: UUID, other: UUID, at: datetime) -> None:
        await self._decide(Unblock(by, other), at)

    async def mute(self, by: UUID, other: UUID, at: datetime) -> None:
        """Raises NotFound."""
        await self._decide(Mute(by, other), at, known=True)

    async def unmute(self, by: UUID, other: UUID, at: datetime) -> None:
        await self._decide(Unmute(by, other), at)

    async def _decide(self, command: Command, at: datetime, *, known: bool = False) -> None:
        """`known`: raises NotFound where the other is not there; else there is nothing to undo, and nothing happens."""
        if command.by == command.other:
            raise Self

        async def work(unit: Unit) -> None:
            if await _there(unit, command.by, command.other, known=known):
                stream = await unit.load(PAIR, pair_stream(command.by, command.other))
                await unit.append(PAIR, stream, PAIR.decide(stream.state, command))
            elif known:
                raise NotFound

        await self._store.run(work, at=at)


async def forget(unit: Unit, user_id: UUID) -> None:
    """For an erasure: what no event brought. Their friendships, blocks and mutes go with `erasure_done`."""
    await unit.db.execute(FORGET, user_id)


async def _there(unit: Unit, by: UUID, other: UUID, *, known: bool) -> bool:
    """Whether the other has not been erased, and is `known`. Raises PersonErased where `by` has been."""
    erased = await gone.erased_among(unit.db, (by, other))
    if by in erased:
        raise PersonErased
    return other not in erased and (not known or bool(await unit.db.fetchval(KNOWN, other)))


async def _lock(unit: Unit, by: UUID, other: UUID) -> datetime:
    """Nobody else changes how many friends the two have. When the bucket of `by`'s requests will have run empty."""
    await unit.db.execute(GUARDS, [by, other])
    rows = await unit.guard(LOCK, sorted((by, other)))
    asked_until: dict[UUID, datetime] = {row["user_id"]: row["asked_until"] for row in rows}
    return asked_until[by]


def _one_more(asked_until: datetime, at: datetime, an_hour: int) -> datetime:
    """A leaky bucket in one timestamp: `an_hour` requests at once, and as many again over every hour."""
    cost = HOUR / an_hour
    until = max(asked_until, at) + cost
    if until > at + HOUR:
        raise RateLimited("Too many friend requests.", retry_after=ceil((until - at - HOUR).total_seconds()))
    return until
