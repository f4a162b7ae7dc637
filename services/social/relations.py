"""What stands between people, as social itself knows it: for `libs.safety.rule.can_interact`."""

from collections.abc import Iterable
from uuid import UUID

from libs.eventstore.db import Db, Pool
from libs.safety.relation import STRANGERS, Relation

RELATIONS = """
select other,
  exists (select from blocks where blocker_user_id = $1 and blocked_user_id = other) as a_blocks,
  exists (select from blocks where blocker_user_id = other and blocked_user_id = $1) as b_blocks,
  exists (select from mutes where muter_user_id = $1 and muted_user_id = other) as a_mutes,
  exists (select from mutes where muter_user_id = other and muted_user_id = $1) as b_mutes,
  exists (select from friendships where user_id = $1 and friend_user_id = other and status = 'accepted') as friends
from unnest($2::uuid[]) as other
"""
HIDDEN = """
select blocked_user_id as other from blocks where blocker_user_id = $1
union
select blocker_user_id from blocks where blocked_user_id = $1
"""


async def relations_of(db: "Db | Pool", user: UUID, others: Iterable[UUID]) -> dict[UUID, Relation]:
    """How `user` (a) stands to each of the others (b), in one query; strangers are among them."""
    relations = dict.fromkeys(others, STRANGERS)
    for other, *flags in await db.fetch(RELATIONS, user, list(relations)):
        relations[other] = Relation(*flags)
    return relations


async def hidden_from(db: "Db | Pool", user: UUID) -> set[UUID]:
    """Everybody in a block with this person, whoever blocked whom."""
    return {row["other"] for row in await db.fetch(HIDDEN, user)}
