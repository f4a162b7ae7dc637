"""What holds in a room for its voices, as rooms' own tables know it."""

from datetime import datetime
from uuid import UUID

from libs.eventstore.db import Pool
from libs.safety.relation import GOOD, Relation
from libs.safety.replica import relations_among
from libs.safety.rule import can_interact
from libs.safety.surface import Surface
from services.rooms.order import MUTED, MUTES
from services.rooms.sanctions import about
from services.rooms.voice.orders import Rules

SEATED = "select visit_id, user_id from seats where room_id = $1 and state = 'seated'"


async def is_silent(pool: Pool, room: UUID, user: UUID, at: datetime) -> bool:
    """Whether somebody may not be heard there: by the host's word, or by the house's."""
    if await pool.fetchval(MUTED, room, user, at):
        return True
    return any(sanction.mutes(room, at) for sanction in await about(pool, [user]))


async def rules_of(pool: Pool, room: UUID, at: datetime) -> Rules:
    guests = {row["visit_id"]: row["user_id"] for row in await pool.fetch(SEATED, room)}
    users = list(guests.values())
    silent = {row["user_id"] for row in await pool.fetch(MUTES, room, at)}
    silent |= {each.user_id for each in await about(pool, users) if each.mutes(room, at)}
    apart = await relations_among(pool, users)
    unheard = {pair for (low, high), relation in apart.items() for pair in unheard_between(low, high, relation)}
    return Rules(guests, silent, unheard)


def unheard_between(one: UUID, other: UUID, relation: Relation) -> list[tuple[UUID, UUID]]:
    """(speaker, listener), either way. `relation` is read from the first one's side."""
    ways = (((one, other), relation), ((other, one), relation.turned()))
    return [way for way, seen in ways if not can_interact(GOOD, GOOD, Surface.VOICE, seen)]
