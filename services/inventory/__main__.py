"""python -m services.inventory api|relay|consumers|all|migrate: where inventory is put together."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from libs.chassis.backbone import Now, backbone, utc_now
from libs.chassis.forgetting import Forgetting
from libs.chassis.process import Parts, main
from libs.chassis.stores import open_stores
from services.inventory.consumers import listen
from services.inventory.projections import BOOKS, CATALOGUE
from services.inventory.routes import REFUSALS, routes
from services.inventory.seed import seed
from services.inventory.service import Inventory
from services.inventory.settings import InventorySettings

SERVICE = "inventory"
ROLES = ("api", "relay", "consumers")


@asynccontextmanager
async def compose(settings: InventorySettings, wanted: Collection[str], now: Now = utc_now) -> AsyncIterator[Parts]:
    async with backbone(SERVICE, settings, CATALOGUE, BOOKS) as bar:
        inventory = Inventory(bar.store, settings)
        listen(bar.consumers, inventory.wallets, bar.keys)
        forgetting = Forgetting(bar.pool, settings.idempotency, now)
        api = [routes(inventory, bar.pool, now)]
        yield bar.parts(wanted, api, refusals=REFUSALS, roles={"api": forgetting.run})


async def furnish(settings: InventorySettings) -> None:
    """The house's own menu, as the last part of `migrate`."""
    async with open_stores(SERVICE, settings, CATALOGUE, BOOKS) as stores:
        await seed(Inventory(stores.store, settings).catalogue, utc_now())


if __name__ == "__main__":
    main(SERVICE, InventorySettings, compose, roles=ROLES, seed=furnish)
