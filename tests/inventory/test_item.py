"""What may become of an item."""

from libs.contracts.inventory import ItemList, ItemRetire
from services.inventory.deciders.item import ITEM, Enlist, Listing, Retire, item_id_of
from services.inventory.deciders.refusals import NotFound, SkuTaken
from tests.given import given
from tests.inventory.house import BEER

FACTS = {"item_id": item_id_of(BEER.sku), "sku": BEER.sku, "type": "drink", "name": "Beer", "price_cents": 300}
LISTED, RETIRED = ItemList(**FACTS, metadata=BEER.metadata), ItemRetire(**FACTS)


def test_an_item_is_listed_and_retired_once() -> None:
    given(ITEM).when(Enlist(BEER)).then(LISTED)
    given(ITEM, LISTED).when(Retire()).then(RETIRED)
    given(ITEM, LISTED, RETIRED).when(Retire()).then()
    given(ITEM).when(Retire()).then_refused(NotFound)


def test_a_sku_is_an_items_for_good() -> None:
    for history in ([LISTED], [LISTED, RETIRED]):
        given(ITEM, *history).when(Enlist(BEER)).then_refused(SkuTaken)
        given(ITEM, *history).when(Enlist(Listing(BEER.sku, "emote", "Other", 1, {}))).then_refused(SkuTaken)


def test_an_id_follows_from_the_sku() -> None:
    assert item_id_of("drink-espresso") == item_id_of("drink-espresso") != item_id_of("drink-water")
