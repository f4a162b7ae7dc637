"""Friendships, blocks and mutes as rows. An erased person's go with `erasure_done`, on both sides."""

from libs.contracts.erasure import ErasureDone
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
from libs.eventstore.db import Db
from libs.eventstore.projections import Projection, Table
from libs.eventstore.recorded import Recorded

ASK = """
insert into friendships (user_id, friend_user_id, status, created_at) values ($1, $2, 'pending', $3)
on conflict (user_id, friend_user_id) do nothing
"""
ACCEPT = """
with asked as (update friendships set status = 'accepted' where user_id = $2 and friend_user_id = $1)
insert into friendships (user_id, friend_user_id, status, created_at) values ($1, $2, 'accepted', $3)
on conflict (user_id, friend_user_id) do nothing
"""
PART = "delete from friendships where (user_id, friend_user_id) in (($1, $2), ($2, $1))"
BLOCK = """
insert into blocks (id, blocker_user_id, blocked_user_id, created_at) values ($1, $2, $3, $4)
on conflict (blocker_user_id, blocked_user_id) do nothing
"""
UNBLOCK = "delete from blocks where blocker_user_id = $1 and blocked_user_id = $2"
MUTE = """
insert into mutes (muter_user_id, muted_user_id, created_at) values ($1, $2, $3)
on conflict (muter_user_id, muted_user_id) do nothing
"""
UNMUTE = "delete from mutes where muter_user_id = $1 and muted_user_id = $2"
FORGET = """
with friends as (delete from friendships where user_id = $1 or friend_user_id = $1),
  blocked as (delete from blocks where blocker_user_id = $1 or blocked_user_id = $1)
delete from mutes where muter_user_id = $1 or muted_user_id = $1
"""


async def project(db: Db, happened: Recorded) -> None:
    at = happened.at
    match happened.event:
        case FriendRequest(user_id=one, friend_user_id=other):
            await db.execute(ASK, one, other, at)
        case FriendAccept(user_id=one, friend_user_id=other):
            await db.execute(ACCEPT, one, other, at)
        case FriendRemove(user_id=one, friend_user_id=other):
            await db.execute(PART, one, other)
        case BlockUser(blocker_user_id=one, blocked_user_id=other):
            await db.execute(BLOCK, happened.event_id, one, other, at)
        case UnblockUser(blocker_user_id=one, blocked_user_id=other):
            await db.execute(UNBLOCK, one, other)
        case MuteUser(muter_user_id=one, muted_user_id=other):
            await db.execute(MUTE, one, other, at)
        case UnmuteUser(muter_user_id=one, muted_user_id=other):
            await db.execute(UNMUTE, one, other)
        case ErasureDone(user_id=user):
            await db.execute(FORGET, user)
        case Event():
            pass


PAIRS = Projection(
    tables=(
        Table("friendships", ("user_id", "friend_user_id"), ("status", "created_at")),
        Table("blocks", ("id",), ("blocker_user_id", "blocked_user_id", "created_at")),
        Table("mutes", ("muter_user_id", "muted_user_id"), ("created_at",)),
    ),
    apply=project,
)
