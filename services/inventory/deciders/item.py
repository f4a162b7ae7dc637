"""What can be bought, at what price, until it is retired. Stream `item-{id}`; the id follows from the sku."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from libs.contracts.event import Event
from libs.contracts.inventory import ItemList, ItemRetire
from libs.contracts.vocabulary import ItemMetadata, ItemType
from libs.eventstore.decider import Decider
from services.inventory.deciders.refusals import NotFound, SkuTaken

ITEMS: Final = UUID("6f0c6f52-6f5e-5a53-9d1c-6c6f8d2b7a10")  # the namespace of items' ids


def item_id_of(sku: str) -> UUID:
    """One sku, one stream: two listings of it cannot both be the first."""
    return uuid5(ITEMS, sku)


def item_stream(item_id: UUID) -> str:
    return f"item-{item_id}"


@dataclass(frozen=True, slots=True)
class Listing:
    """Something to sell."""

    sku: str
    type: ItemType
    name: str
    price_cents: int
    metadata: ItemMetadata


@dataclass(frozen=True, slots=True)
class Enlist:
    """Put it on the menu."""

    listing: Listing


@dataclass(frozen=True, slots=True)
class Retire:
    """Sell it no more; who has it keeps it."""


@dataclass(frozen=True, slots=True)
class Unlisted:
    kind: Literal["unlisted"] = "unlisted"


@dataclass(frozen=True, slots=True)
class Listed:
    listing: Listing
    kind: Literal["listed"] = "listed"


@dataclass(frozen=True, slots=True)
class Retired:
    listing: Listing
    kind: Literal["retired"] = "retired"


Item = Unlisted | Listed | Retired
Command = Enlist | Retire


def decide(state: Item, command: Command) -> Sequence[Event]:
    match state, command:
        case Unlisted(), Enlist(listing):
            return [ItemList(metadata=listing.metadata, **_facts(listing))]
        case _, Enlist():
            raise SkuTaken
        case Unlisted(), Retire():
            raise NotFound
        case Listed(listing), Retire():
            return [ItemRetire(**_facts(listing))]
        case _:
            return []


def _facts(listing: Listing) -> dict[str, Any]:
    return {
        "item_id": item_id_of(listing.sku),
        "sku": listing.sku,
        "type": listing.type,
        "name": listing.name,
        "price_cents": listing.price_cents,
    }


def evolve(state: Item, event: Event) -> Item:
    match event, state:
        case ItemList(sku=sku, type=type, name=name, price_cents=price, metadata=metadata), Unlisted():
            return Listed(Listing(sku, type, name, price, metadata))
        case ItemRetire(), Listed(listing):
            return Retired(listing)
        case _:
            return state


ITEM: Decider[Item, Command] = Decider("item", Unlisted(), decide, evolve, state_type=Item)
