"""Forgetting a person: their words in reports, and what they handed in for none.

Their key is destroyed already, so that their words are gone from the log; the projection takes them off the table with
`erasure_done`. What was written about them, and what belongs to a case, is the case's and ends with it.
"""

from uuid import UUID

from libs.eventstore.store import Unit
from services.moderation.evidence import Evidence

FORGET_GUARD = "delete from reporter_guards where user_id = $1"


class Erasure:
    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence

    async def clear(self, unit: Unit, user_id: UUID) -> None:
        """Repeatable."""
        await self._evidence.forget(unit.db, user_id)
        await unit.db.execute(FORGET_GUARD, user_id)
