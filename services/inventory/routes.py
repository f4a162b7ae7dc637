"""HTTP in."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from libs.chassis.answers import Statuses
from libs.chassis.auth import Me, Operator
from libs.chassis.idempotency import MaybeOnce
from libs.chassis.openapi import refuses
from libs.chassis.pagination import Page, Paging
from libs.contracts.vocabulary import ItemType
from libs.eventstore.db import Pool
from services.inventory import queries
from services.inventory.deciders.refusals import (
    AlreadyOwned,
    InsufficientFunds,
    ItemRetired,
    NotFound,
    PriceChanged,
    ReferenceUsed,
    Self,
    SkuTaken,
    WalletFull,
)
from services.inventory.purchases import Order
from services.inventory.schemas import Balance, Bought, Entry, Gift, ItemCard, NewCredit, NewItem, Owned, Purchase
from services.inventory.service import Inventory

REFUSALS: Statuses = {
    NotFound: 404,
    ItemRetired: 410,
    PriceChanged: 409,
    AlreadyOwned: 409,
    InsufficientFunds: 402,
    Self: 409,
    SkuTaken: 409,
    ReferenceUsed: 409,
    WalletFull: 409,
}
BUYING = (NotFound, InsufficientFunds, PriceChanged, AlreadyOwned, ItemRetired)
Clock = Callable[[], datetime]


def routes(inventory: Inventory, pool: Pool, clock: Clock) -> APIRouter:
    """`clock` is the wall clock, aware."""
    api = APIRouter(prefix="/v1", tags=["inventory"])
    _about_items(api, inventory, pool, clock)
    _about_money(api, inventory, pool, clock)
    return api


def _about_items(api: APIRouter, inventory: Inventory, pool: Pool, clock: Clock) -> None:
    @api.get("/items")
    async def list_items(me: Me, paging: Paging, type: ItemType | None = None) -> Page[ItemCard]:
        rows = await queries.menu(pool, type, paging.after(tuple[int, UUID]), paging.fetch)
        return paging.page(rows, ItemCard.of, lambda row: (row["price_cents"], row["id"]))

    @api.post("/items", status_code=201, responses=refuses(REFUSALS, SkuTaken))
    async def add_item(body: NewItem, me: Operator, once: MaybeOnce) -> ItemCard:
        item_id = await inventory.catalogue.enlist(body.listing(), clock(), once)
        return ItemCard.of(await queries.item(pool, item_id))

    @api.delete("/items/{item_id}", status_code=204, responses=refuses(REFUSALS, NotFound))
    async def retire_item(item_id: UUID, me: Operator) -> None:
        await inventory.catalogue.retire(item_id, clock())

    @api.post("/items/{item_id}/purchases", status_code=201, responses=refuses(REFUSALS, *BUYING))
    async def buy_item(item_id: UUID, body: Purchase, me: Me, once: MaybeOnce) -> Bought:
        order = Order(me.user_id, item_id, body.expected_price_cents)
        return Bought.of(await inventory.purchases.buy(order, clock(), once), me.user_id)

    @api.post("/items/{item_id}/gifts", status_code=201, responses=refuses(REFUSALS, *BUYING, Self))
    async def give_item(item_id: UUID, body: Gift, me: Me, once: MaybeOnce) -> Bought:
        order = Order(me.user_id, item_id, body.expected_price_cents)
        return Bought.of(await inventory.purchases.give(order, body.user_id, clock(), once), body.user_id)

    @api.get("/inventory")
    async def list_inventory(me: Me, paging: Paging) -> Page[Owned]:
        rows = await queries.owned(pool, me.user_id, paging.after(tuple[datetime, UUID]), paging.fetch)
        return paging.page(rows, Owned.of, lambda row: (row["acquired_at"], row["id"]))


def _about_money(api: APIRouter, inventory: Inventory, pool: Pool, clock: Clock) -> None:
    @api.get("/wallet")
    async def get_wallet(me: Me) -> Balance:
        cents = await inventory.wallets.opened(me.user_id, clock(), lambda: queries.balance(pool, me.user_id))
        return Balance(balance_cents=cents)

    @api.get("/wallet/entries")
    async def list_entries(me: Me, paging: Paging) -> Page[Entry]:
        (number,) = paging.after(tuple[int]) or (None,)

        async def page() -> Page[Entry]:
            rows = await queries.entries(pool, me.user_id, number, paging.fetch)
            return paging.page(rows, Entry.of, lambda row: (row["number"],))

        return await inventory.wallets.opened(me.user_id, clock(), page)

    @api.post(
        "/wallets/{user_id}/credits", status_code=201, responses=refuses(REFUSALS, NotFound, ReferenceUsed, WalletFull)
    )
    async def credit_wallet(user_id: UUID, body: NewCredit, me: Operator, once: MaybeOnce) -> Entry:
        return Entry.of(await inventory.wallets.credit(user_id, body.amount_cents, body.reference, clock(), once))
