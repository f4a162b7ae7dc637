"""What the house has to offer from the first evening on: always the same skus, and so the same ids."""

from contextlib import suppress
from datetime import datetime
from typing import Final

from services.inventory.catalogue import Catalogue
from services.inventory.deciders.item import Listing
from services.inventory.deciders.refusals import SkuTaken

STARTERS: Final = (
    Listing("drink-water", "drink", "Tap Water", 0, {"glass": "tumbler"}),
    Listing("drink-espresso", "drink", "Espresso", 150, {"glass": "cup", "warm": True}),
    Listing("drink-mint-tea", "drink", "Mint Tea", 200, {"glass": "mug", "warm": True}),
    Listing("drink-lemonade", "drink", "Lemonade", 250, {"glass": "highball"}),
    Listing("drink-lager", "drink", "Lager", 350, {"glass": "pint", "strength": 2}),
    Listing("drink-red-wine", "drink", "Red Wine", 450, {"glass": "wine", "strength": 3}),
    Listing("drink-spritz", "drink", "Spritz", 500, {"glass": "wine", "strength": 3}),
    Listing("drink-old-fashioned", "drink", "Old Fashioned", 700, {"glass": "rocks", "strength": 5}),
    Listing("emote-confetti", "emote", "Confetti", 300, {"animation": 20}),
    Listing("emote-moonwalk", "emote", "Moonwalk", 500, {"animation": 21}),
    Listing("emote-air-guitar", "emote", "Air Guitar", 500, {"animation": 22}),
    Listing("cosmetic-bow-tie", "cosmetic", "Bow Tie", 400, {"slot": "neck", "value": "bow-tie"}),
    Listing("cosmetic-star-shades", "cosmetic", "Star Shades", 600, {"slot": "glasses", "value": "star"}),
    Listing("cosmetic-party-crown", "cosmetic", "Party Crown", 900, {"slot": "hat", "value": "crown"}),
    Listing("cosmetic-disco-suit", "cosmetic", "Disco Suit", 1_500, {"slot": "outfit", "value": "suit"}),
)


async def seed(catalogue: Catalogue, at: datetime) -> None:
    """List those that have never been listed. Repeatable, and safe to race; what was retired stays so."""
    for listing in STARTERS:
        with suppress(SkuTaken):
            await catalogue.enlist(listing, at)
