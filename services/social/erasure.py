"""What social alone knows how to forget. Rows that events brought go with `erasure_done`, in the projections."""

from uuid import UUID

from libs.eventstore.unit import Unit
from services.social import pairs


async def clear(unit: Unit, user_id: UUID) -> None:
    await pairs.forget(unit, user_id)
