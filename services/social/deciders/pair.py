"""How two people stand to each other. Stream `pair-{low}-{high}`, one for both, so that what they do has an order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.social import (
    BlockUser,
    FriendAccept,
    FriendRemove,
    FriendRequest,
    MuteUser,
    UnblockUser,
    UnmuteUser,
)
from libs.eventstore.decider import Decider, Refused
from services.social.deciders.refusals import NotFound


class Self(Refused):
    """That is you."""


class FriendLimit(Refused):
    """One of you has as many friends as one may have."""


@dataclass(frozen=True, slots=True)
class Circle:
    """How many friends each of the two has, and how many one may have."""

    mine: int
    theirs: int
    limit: int


@dataclass(frozen=True, slots=True)
class Befriend:
    """Ask, or say yes where the other has asked."""

    by: UUID
    other: UUID
    circle: Circle


@dataclass(frozen=True, slots=True)
class Unfriend:
    """Decline, cancel or end it."""

    by: UUID
    other: UUID


@dataclass(frozen=True, slots=True)
class Block:
    by: UUID
    other: UUID


@dataclass(frozen=True, slots=True)
class Unblock:
    by: UUID
    other: UUID


@dataclass(frozen=True, slots=True)
class Mute:
    by: UUID
    other: UUID


@dataclass(frozen=True, slots=True)
class Unmute:
    by: UUID
    other: UUID


Command = Befriend | Unfriend | Block | Unblock | Mute | Unmute
People = tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Whoever is in `blocked_by` or `muted_by` did it to the other. Nobody asks a friend, or across a block."""

    friends: bool = False
    asked_by: UUID | None = None
    blocked_by: People = ()
    muted_by: People = ()


def decide(pair: Pair, command: Command) -> Sequence[Event]:
    by, other = command.by, command.other
    if by == other:
        raise Self
    match command:
        case Befriend(circle=circle):
            return _befriend(pair, by, other, circle)
        case Unfriend():
            return _part(pair, by, other)
        case Block() if by not in pair.blocked_by:
            return [*_part(pair, by, other), BlockUser(blocker_user_id=by, blocked_user_id=other)]
        case Unblock() if by in pair.blocked_by:
            return [UnblockUser(blocker_user_id=by, blocked_user_id=other)]
        case Mute() if by not in pair.muted_by:
            return [MuteUser(muter_user_id=by, muted_user_id=other)]
        case Unmute() if by in pair.muted_by:
            return [UnmuteUser(muter_user_id=by, muted_user_id=other)]
        case _:
            return []


def _befriend(pair: Pair, by: UUID, other: UUID, circle: Circle) -> Sequence[Event]:
    if pair.blocked_by:
        raise NotFound  # whoever blocked whom, each is absent for the other
    if pair.friends or pair.asked_by == by:
        return []
    if circle.mine >= circle.limit:
        raise FriendLimit
    if pair.asked_by is None:
        return [FriendRequest(user_id=by, friend_user_id=other)]
    if circle.theirs >= circle.limit:
        raise FriendLimit
    return [FriendAccept(user_id=by, friend_user_id=other)]


def _part(pair: Pair, by: UUID, other: UUID) -> Sequence[Event]:
    return [FriendRemove(user_id=by, friend_user_id=other)] if pair.friends or pair.asked_by else []


def evolve(pair: Pair, event: Event) -> Pair:
    match event:
        case FriendRequest(user_id=user):
            return replace(pair, asked_by=user)
        case FriendAccept():
            return replace(pair, friends=True, asked_by=None)
        case FriendRemove():
            return replace(pair, friends=False, asked_by=None)
        case BlockUser(blocker_user_id=user):
            return replace(pair, blocked_by=_with(pair.blocked_by, user))
        case UnblockUser(blocker_user_id=user):
            return replace(pair, blocked_by=_without(pair.blocked_by, user))
        case MuteUser(muter_user_id=user):
            return replace(pair, muted_by=_with(pair.muted_by, user))
        case UnmuteUser(muter_user_id=user):
            return replace(pair, muted_by=_without(pair.muted_by, user))
        case _:
            return pair


def _with(people: People, one: UUID) -> People:
    return tuple(sorted({*people, one}))


def _without(people: People, one: UUID) -> People:
    return tuple(each for each in people if each != one)


PAIR: Decider[Pair, Command] = Decider("pair", Pair(), decide, evolve, state_type=Pair)
