"""Who of other people one may see: the one rule, asked for many at once."""

from collections.abc import Iterable
from uuid import UUID

from libs.eventstore.db import Db, Pool
from libs.safety.relation import GOOD
from libs.safety.replica import relations_of
from libs.safety.rule import can_interact
from libs.safety.surface import Surface


async def shown_to(db: "Db | Pool", viewer: UUID, others: Iterable[UUID], surface: Surface) -> set[UUID]:
    """Those of `others` that `viewer` may be shown on this surface, in one query."""
    relations = await relations_of(db, viewer, others)
    return {other for other, seen in relations.items() if can_interact(GOOD, GOOD, surface, seen.turned())}
