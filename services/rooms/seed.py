"""The house's own rooms: one for each theme, always the same ids."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from libs.contracts.vocabulary import Theme
from services.rooms.hosting import Hosting, Plan
from services.rooms.settings import RoomsSettings

SYSTEM_ROOMS: Final[Mapping[UUID, tuple[str, Theme]]] = {
    UUID("00000000-0000-4000-8000-000000000001"): ("The Lounge", "lounge"),
    UUID("00000000-0000-4000-8000-000000000002"): ("The Dance Floor", "dance"),
    UUID("00000000-0000-4000-8000-000000000003"): ("The Sports Bar", "sports"),
}


async def seed(hosting: Hosting, settings: RoomsSettings, at: datetime) -> None:
    """Open those that are missing. Repeatable, and safe to race."""
    for room_id, (name, theme) in SYSTEM_ROOMS.items():
        plan = Plan(name, theme, is_private=False, capacity=settings.system_capacity, region=settings.system_region)
        await hosting.open_system_room(room_id, plan, at)
