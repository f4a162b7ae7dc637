"""python -m services.inventory api|relay|all|migrate: where inventory is put together."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from libs.chassis.backbone import backbone
from libs.chassis.process import Parts, main
from services.inventory.settings import InventorySettings

SERVICE = "inventory"
ROLES = ("api", "relay")


@asynccontextmanager
async def compose(settings: InventorySettings, wanted: Collection[str]) -> AsyncIterator[Parts]:
    async with backbone(SERVICE, settings) as bar:
        yield bar.parts(wanted, [], refusals={})


if __name__ == "__main__":
    main(SERVICE, InventorySettings, compose, roles=ROLES)
