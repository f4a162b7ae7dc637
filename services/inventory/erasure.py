"""What inventory alone knows how to forget: whose account, and whose things."""

from uuid import UUID

from libs.eventstore.store import Unit
from services.inventory.wallets import lock


async def clear(unit: Unit, user_id: UUID) -> None:
    """Let whoever is just paying into or out of this wallet finish.

    The rows go with `erasure_done` (projections.py), as they do in a rebuild: what is in the wallet returns to the
    house, and the ledger keeps entries of an account that is nobody's.
    """
    await lock(unit, [user_id])
