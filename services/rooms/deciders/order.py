"""Keeping order in a room: its lock, whom nobody hears there, and who is asked in. Part of stream `room-{id}`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.rooms import RoomInvite, RoomMute, RoomUnmute, RoomUpdate
from services.rooms.deciders.facts import Facts
from services.rooms.deciders.refusals import NotHost, NotSeated, Self


@dataclass(frozen=True, slots=True)
class Lock:
    """Let in nobody but the host, moderators and invited people; or everybody again."""

    by: UUID
    locked: bool
    moderator: bool = False


@dataclass(frozen=True, slots=True)
class Muted:
    """A mute as it stands, under the room's guard; None is for good."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Mute:
    """Nobody in the room hears or reads `user` until then (None: until further notice). `standing`: what holds now.

    `stranger`: of this room; nothing happens then, and whoever asks is not told.
    """

    by: UUID
    user: UUID
    until: datetime | None
    standing: Muted | None
    moderator: bool = False
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Unmute:
    by: UUID
    user: UUID
    standing: Muted | None
    moderator: bool = False


@dataclass(frozen=True, slots=True)
class Invite:
    """A one-use way in, for `user` or for anyone. `seated`: whoever invites has a seat there; `known`: it is made."""

    by: UUID
    invite_id: UUID
    user: UUID | None
    expires_at: datetime
    seated: bool
    moderator: bool = False
    known: bool = False


Order = Lock | Mute | Unmute | Invite


def keep_order(facts: Facts, command: Order) -> Sequence[Event]:
    """In an open room. Raises NotHost, NotSeated, Self."""
    match command:
        case Invite(known=True):
            return []
        case Invite():
            return [_invite(facts, command)]
        case Lock(by, locked, moderator):
            facts.must_be_kept_by(by, moderator=moderator)
            if locked == facts.is_locked:
                return []
            return [RoomUpdate(name_mark=facts.name_mark, is_locked=locked, **facts.impersonal())]
        case Mute(by, user, until, standing, moderator, stranger):
            facts.must_be_kept_by(by, moderator=moderator)
            if by == user:
                raise Self
            if stranger or standing == Muted(until):
                return []
            return [RoomMute(room_id=facts.room_id, user_id=user, by_user_id=by, until=until)]
        case Unmute(by, user, standing, moderator):
            facts.must_be_kept_by(by, moderator=moderator)
            if standing is None:
                return []
            return [RoomUnmute(room_id=facts.room_id, user_id=user, by_user_id=by)]


def _invite(facts: Facts, command: Invite) -> RoomInvite:
    """A private or locked room opens by its host's word; to a public one anybody there may ask a friend."""
    if not facts.is_kept_by(command.by, moderator=command.moderator):
        if facts.is_private or facts.is_locked:
            raise NotHost
        if not command.seated:
            raise NotSeated
    if command.user == command.by:
        raise Self
    return RoomInvite(
        invite_id=command.invite_id,
        room_id=facts.room_id,
        inviter_user_id=command.by,
        user_id=command.user,
        expires_at=command.expires_at,
    )
