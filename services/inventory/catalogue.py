"""The menu, as operators write it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.eventstore.store import Answer, Once, Store
from services.inventory.deciders.item import ITEM, Enlist, Listing, Retire, item_id_of, item_stream


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Items are listed and retired, never changed: what somebody bought stays what they bought."""

    store: Store

    async def enlist(self, listing: Listing, at: datetime, once: Once | None = None) -> UUID:
        """The new item's id. Raises SkuTaken, whatever became of the item of that sku."""
        item_id = item_id_of(listing.sku)
        answer = Answer(201, str(item_id))
        await self.store.execute(ITEM, item_stream(item_id), Enlist(listing), at=at, once=once, answer=lambda _: answer)
        return item_id

    async def retire(self, item_id: UUID, at: datetime) -> None:
        """Sell it no more. A purchase that is under way may still be the last. Raises NotFound."""
        await self.store.execute(ITEM, item_stream(item_id), Retire(), at=at)
