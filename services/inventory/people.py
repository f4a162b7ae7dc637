"""Who is not here to be given anything."""

from uuid import UUID

from libs.eventstore.db import Db
from libs.safety.relation import GOOD, Standing
from libs.safety.standings import is_suspended


async def standing(db: Db, user_id: UUID) -> Standing:
    """How somebody who has a wallet stands with the house."""
    return Standing(barred=True) if await is_suspended(db, user_id) else GOOD
