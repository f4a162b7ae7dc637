"""Who stands how to whom, kept in a service's own table `pairs` (pairs.sql) and asked for there.

    for event in HEARD:
        consumers.replica(event, PAIRS.apply)

A service may listen to fewer of them. The rows of an erased person go with `user_delete`, and none come back.
"""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.identity import UserDelete
from libs.eventstore import gone
from libs.eventstore.db import Db, Pool, Record
from libs.eventstore.projections import Replica, Table
from libs.safety.pairs import FLAGS, PAIR_EVENTS, change_of, ordered, relation_of
from libs.safety.relation import STRANGERS, Relation

HEARD: Final[tuple[type[Event], ...]] = (*PAIR_EVENTS, UserDelete)

PLACES: Final = tuple(f"{flag}_at" for flag in FLAGS)
NEWER = "{0} = case when excluded.{0}_at > p.{0}_at then excluded.{0} else p.{0} end"
LATEST = "{0}_at = greatest(p.{0}_at, excluded.{0}_at)"
# A flag the event does not speak of comes as false at place 0, which is newer than nothing.
UPSERT = f"""
insert into pairs as p (low, high, {", ".join(FLAGS)}, {", ".join(PLACES)})
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (low, high) do update set
  {", ".join(each.format(flag) for flag in FLAGS for each in (NEWER, LATEST))}
"""  # noqa: S608 - names of our own
FORGET = "delete from pairs where low = $1 or high = $1"

RELATIONS = """
select low, high, low_blocks, high_blocks, low_mutes, high_mutes, friends from pairs where low = $1 and high = any($2)
union all
select low, high, low_blocks, high_blocks, low_mutes, high_mutes, friends from pairs where high = $1 and low = any($2)
"""
AMONG = """
select low, high, low_blocks, high_blocks, low_mutes, high_mutes, friends from pairs
where low = any($1::uuid[]) and high = any($1::uuid[])
"""
HIDDEN = """
select high as other from pairs where low = $1 and (low_blocks or high_blocks)
union all
select low from pairs where high = $1 and (low_blocks or high_blocks)
"""


async def relations_of(db: "Db | Pool", user: UUID, others: Iterable[UUID]) -> dict[UUID, Relation]:
    """How `user` (a) stands to each of the others (b), in one query; strangers are among them."""
    relations = dict.fromkeys(others, STRANGERS)
    for row in await db.fetch(RELATIONS, user, list(relations)):
        relation = _relation(row)
        if row["low"] == user:
            relations[row["high"]] = relation
        else:
            relations[row["low"]] = relation.turned()
    return relations


async def relations_among(db: "Db | Pool", users: Iterable[UUID]) -> dict[tuple[UUID, UUID], Relation]:
    """Between all of these, by (low, high) and from the lower one's side. Strangers are left out."""
    rows = await db.fetch(AMONG, list(users))
    found = {(row["low"], row["high"]): _relation(row) for row in rows}
    return {pair: relation for pair, relation in found.items() if relation != STRANGERS}


async def hidden_from(db: "Db | Pool", user: UUID) -> set[UUID]:
    """Everybody in a block with this person, whoever blocked whom."""
    return {row["other"] for row in await db.fetch(HIDDEN, user)}


async def apply(db: Db, envelope: Envelope) -> None:
    """Any order, any number of times. What is heard about an erased person is left out."""
    if envelope.name == UserDelete.NAME:
        await gone.enter(db, envelope.subject)  # or a row that is just being written would stay
        await db.execute(FORGET, envelope.subject)
    elif said := change_of(envelope):
        if await gone.erased_among(db, (said.low, said.high)):
            return
        flags = [said.flags.get(flag, False) for flag in FLAGS]
        places = [said.place if flag in said.flags else 0 for flag in FLAGS]
        await db.execute(UPSERT, said.low, said.high, *flags, *places)


def _relation(row: Record | Mapping[str, bool]) -> Relation:
    return relation_of({flag: row[flag] for flag in FLAGS})


PAIRS: Final = Replica(tables=(Table("pairs", ("low", "high"), (*FLAGS, *PLACES)),), apply=apply)
__all__ = ["HEARD", "PAIRS", "apply", "hidden_from", "ordered", "relations_among", "relations_of"]
