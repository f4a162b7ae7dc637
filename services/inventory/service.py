"""The one door of inventory: `catalogue` for operators, `wallets` and `purchases` for everybody."""

from libs.eventstore.store import Store
from services.inventory.catalogue import Catalogue
from services.inventory.purchases import Purchases
from services.inventory.settings import InventorySettings
from services.inventory.wallets import Wallets


class Inventory:
    """What there is to buy, with what, and the buying."""

    def __init__(self, store: Store, settings: InventorySettings) -> None:
        self.catalogue = Catalogue(store)
        self.wallets = Wallets(store, settings.welcome_cents)
        self.purchases = Purchases(store, self.wallets)
