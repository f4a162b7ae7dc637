"""Who was banned and then erased cannot come back by the same door: keyed hashes of logins, and nothing else of them.

Not kept from events, which no longer say whose login it was. A mark goes with the sanction it is there for.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.contracts.vocabulary import AuthProvider
from libs.eventstore.db import Db
from services.identity.decider import Closing
from services.identity.pepper import Pepper

PUT = """
insert into ban_list (mark, sanction_id, until)
select mark, sanction_id, until from unnest($1::bytea[]) as mark cross join
  unnest($2::uuid[], $3::timestamptz[]) as closing (sanction_id, until)
on conflict do nothing"""
HOLDS = "select exists (select from ban_list where mark = $1 and (until is null or until > $2))"
LIFT = "delete from ban_list where sanction_id = $1"
SWEEP = "delete from ban_list where until < $1"
LOGINS = "select provider, subject from logins where user_id = $1"


def mark_of(pepper: Pepper, provider: AuthProvider, subject: str) -> bytes:
    return pepper.digest("ban", provider.encode(), subject.encode())


async def put(db: Db, pepper: Pepper, user_id: UUID, sanctions: Sequence[Closing]) -> None:
    """Remember every login of somebody whose account these close."""
    marks = [mark_of(pepper, row["provider"], row["subject"]) for row in await db.fetch(LOGINS, user_id)]
    await db.execute(PUT, marks, [each.sanction_id for each in sanctions], [each.until for each in sanctions])


async def holds(db: Db, pepper: Pepper, provider: AuthProvider, subject: str, at: datetime) -> bool:
    """Whether this login may not register."""
    return bool(await db.fetchval(HOLDS, mark_of(pepper, provider, subject), at))


async def lift(db: Db, sanction_id: UUID) -> None:
    await db.execute(LIFT, sanction_id)
