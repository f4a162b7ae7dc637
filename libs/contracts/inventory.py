"""Inventory's facts: the catalogue, wallets, and who owns what."""

from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.topic import Topic
from libs.contracts.vocabulary import (
    AcquireSource,
    Cents,
    ItemMetadata,
    ItemName,
    ItemType,
    Reference,
    Sku,
    UserId,
)

ITEM = Topic(producer="inventory", stream="item")
WALLET = Topic(producer="inventory", stream="wallet")


class ItemList(Event):
    """Something can be bought."""

    TOPIC = ITEM
    SUBJECT = ("item_id",)
    item_id: UUID
    sku: Sku
    type: ItemType
    name: ItemName
    price_cents: Cents
    metadata: ItemMetadata = {}


class ItemRetire(Event):
    """Something can no longer be bought; who has it keeps it."""

    TOPIC = ITEM
    SUBJECT = ("item_id",)
    item_id: UUID
    sku: Sku
    type: ItemType
    name: ItemName
    price_cents: Cents


class WalletCredit(Event):
    """Money came in; `balance_cents` is what there is now."""

    TOPIC = WALLET
    user_id: UserId
    amount_cents: Cents
    balance_cents: Cents
    reference: Reference


class WalletDebit(Event):
    """Money went out; `balance_cents` is what is left."""

    TOPIC = WALLET
    user_id: UserId
    amount_cents: Cents
    balance_cents: Cents
    reference: Reference


class ItemAcquire(Event):
    """Somebody has something now, bought at `price_cents` or given."""

    TOPIC = WALLET
    acquisition_id: UUID
    user_id: UserId
    item_id: UUID
    sku: Sku
    type: ItemType
    price_cents: Cents
    source: AcquireSource


class ItemGift(Event):
    """`user_id` bought something for `to_user_id`."""

    TOPIC = WALLET
    user_id: UserId
    to_user_id: UserId
    item_id: UUID
    sku: Sku
    type: ItemType
