"""What can be set about inventory, with defaults fit for production."""

from libs.chassis.settings import Settings


class InventorySettings(Settings):
    """`VIRTUBAR_POOL_SIZE` is `pool_size`, and so on."""
