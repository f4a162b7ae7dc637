"""Who is who in the lake: a random name for everybody, stable until they are erased."""

from collections.abc import Collection, Mapping
from typing import Final

from libs.eventstore.db import Pool

Names = Mapping[str, str | None]
"""User id -> pseudonym, both lower-case UUIDs; None: erased."""

KNOWN: Final = "select user_id::text, pseudonym::text from pseudonyms where user_id = any($1::uuid[])"
# In sorted order, so that two sinks that meet the same newcomers do not deadlock.
MEET: Final = """
insert into pseudonyms (user_id) select unnest($1::uuid[]) on conflict (user_id) do nothing
"""
# One row per person, pseudonym or tombstone: whoever comes second, the sink or the erasure, finds the other's row.
# Which erasure that is, erasure.py has.
FORGET: Final = """
insert into pseudonyms (user_id, pseudonym, erased_at) select unnest($1::uuid[]), null, $2
on conflict (user_id) do update set pseudonym = null, erased_at = excluded.erased_at
where pseudonyms.erased_at is null
"""


class Pseudonyms:
    """The table `pseudonyms`. Asked anew for every batch: a cache would outlive an erasure."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, users: Collection[str]) -> Names:
        """A name for each; whoever is new gets one. None for those who were erased."""
        names = await self._known(users)
        if newcomers := sorted(set(users) - names.keys()):
            await self._pool.execute(MEET, newcomers)
            names |= await self._known(newcomers)  # another sink may have been first
        return names

    async def _known(self, users: Collection[str]) -> dict[str, str | None]:
        rows = await self._pool.fetch(KNOWN, list(users))
        return {row["user_id"]: row["pseudonym"] for row in rows}
