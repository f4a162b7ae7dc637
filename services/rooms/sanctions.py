"""Moderation's sanctions in rooms' own tables: a replica of what was heard, and what rooms asks of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from libs.contracts.moderation import SanctionLift, SanctionUser
from libs.eventstore.db import Db, Pool
from libs.eventstore.projections import Replica, Table
from libs.safety.pairs import place_of
from services.rooms.sanction import Sanction

IMPOSE = """
insert into sanctions as s (sanction_id, user_id, kind, room_id, until, by_user_id, imposed_at, place)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (sanction_id) do update set kind = excluded.kind, room_id = excluded.room_id, until = excluded.until,
  by_user_id = excluded.by_user_id, imposed_at = excluded.imposed_at, place = excluded.place
where s.place is null or s.place < excluded.place
"""
LIFT = """
insert into sanctions as s (sanction_id, user_id, lifted_place) values ($1, $2, $3)
on conflict (sanction_id) do update set lifted_place = excluded.lifted_place
where s.lifted_place is null or s.lifted_place < excluded.lifted_place
"""
ABOUT = """
select sanction_id, user_id, kind, room_id, until, imposed_at, place, lifted_place from sanctions
where user_id = any($1::uuid[])
"""
ONE = """
select sanction_id, user_id, kind, room_id, until, imposed_at, place, lifted_place from sanctions
where sanction_id = $1
"""
# A first choice, which `Sanction.bars` has the last word on.
BARRED_SEATS = """
select distinct s.user_id, s.visit_id, s.room_id from seats s join sanctions b on b.user_id = s.user_id
where b.kind in ('room_ban', 'suspend', 'ban') and b.lifted_place is null and (b.until is null or b.until > $1)
  and (b.room_id is null or b.room_id = s.room_id) limit 500
"""


async def apply(db: Db, heard: Envelope) -> None:
    match heard.event():
        case SanctionUser(sanction_id=sanction, user_id=user) as e:
            said = (e.kind, e.room_id, e.until, e.by_user_id, heard.time, place_of(heard))
            await db.execute(IMPOSE, sanction, user, *said)
        case SanctionLift(sanction_id=sanction, user_id=user):
            await db.execute(LIFT, sanction, user, place_of(heard))


SANCTIONS = Replica(
    tables=(
        Table(
            "sanctions",
            ("sanction_id",),
            ("user_id", "kind", "room_id", "until", "by_user_id", "imposed_at", "place", "lifted_place"),
        ),
    ),
    apply=apply,
)


async def about(db: "Db | Pool", users: Sequence[UUID]) -> list[Sanction]:
    """All that has been heard about these people, over and lifted ones too."""
    return [Sanction(*row) for row in await db.fetch(ABOUT, list(users))]


async def barring(db: "Db | Pool", user: UUID, room: UUID, at: datetime) -> Sanction | None:
    """What keeps somebody out of a room at this moment; of several, one that keeps them out of all rooms."""
    found = [sanction for sanction in await about(db, [user]) if sanction.bars(room, at)]
    return min(found, key=lambda sanction: sanction.room_id is not None, default=None)


async def holds(db: Db, sanction_id: UUID, at: datetime) -> bool:
    """Whether one of them is in force at this moment."""
    row = await db.fetchrow(ONE, sanction_id)
    return row is not None and Sanction(*row).holds(at)
