"""What is sold, bought, given and paid for. Money is whole cents."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct

from clients.python.account import Account
from clients.python.pages import Page, every


class Item(Struct, frozen=True, kw_only=True):
    """`type`: cosmetic, emote, drink."""

    id: UUID
    sku: str
    type: str
    name: str
    price_cents: int
    active: bool = True
    metadata: dict[str, Any] = {}


class Owned(Struct, frozen=True, kw_only=True):
    id: UUID
    item_id: UUID
    acquired_at: datetime
    sku: str
    type: str
    name: str


class Bought(Struct, frozen=True, kw_only=True):
    """`user_id` has it now; `balance_cents` is what is left in the wallet that paid."""

    id: UUID
    user_id: UUID
    item_id: UUID
    acquired_at: datetime
    sku: str
    name: str
    price_cents: int
    balance_cents: int


class Entry(Struct, frozen=True, kw_only=True):
    """What came in or, below nothing, went out."""

    id: UUID
    amount_cents: int
    balance_cents: int
    reference: str
    entered_at: datetime


class Balance(Struct, frozen=True):
    balance_cents: int


class Counter:
    """All of it raises Refused (`insufficient_funds`, `price_changed`, `already_owned` …), Unreachable."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def menu(self, type: str | None = None) -> AsyncIterator[Item]:
        return every(self._account, Page[Item], "/v1/items", type=type)

    async def buy(self, item: Item, *, key: str | UUID | None = None) -> Bought:
        """At the price on the menu. The same `key` again buys nothing more."""
        body = {"expected_price_cents": item.price_cents}
        return await self._account.ask(Bought, "POST", f"/v1/items/{item.id}/purchases", key=key or uuid4(), json=body)

    async def give(self, item: Item, user: UUID, *, key: str | UUID | None = None) -> Bought:
        """Buy it for somebody. The same `key` again gives nothing more."""
        body = {"user_id": str(user), "expected_price_cents": item.price_cents}
        return await self._account.ask(Bought, "POST", f"/v1/items/{item.id}/gifts", key=key or uuid4(), json=body)

    def owned(self) -> AsyncIterator[Owned]:
        return every(self._account, Page[Owned], "/v1/inventory")

    async def balance(self) -> int:
        return (await self._account.ask(Balance, "GET", "/v1/wallet")).balance_cents

    def entries(self) -> AsyncIterator[Entry]:
        """Newest first."""
        return every(self._account, Page[Entry], "/v1/wallet/entries")

    # operators

    async def enlist(self, sku: str, type: str, name: str, price_cents: int, **metadata: Any) -> Item:
        """Put something new on the menu."""
        body = {"sku": sku, "type": type, "name": name, "price_cents": price_cents, "metadata": metadata}
        return await self._account.ask(Item, "POST", "/v1/items", key=uuid4(), json=body)

    async def retire(self, item: UUID) -> None:
        """Sell it no more; who has it keeps it."""
        await self._account.ask(type(None), "DELETE", f"/v1/items/{item}")

    async def credit(self, user: UUID, amount_cents: int, reference: str) -> Entry:
        """Once per wallet and reference."""
        body = {"amount_cents": amount_cents, "reference": reference}
        return await self._account.ask(Entry, "POST", f"/v1/wallets/{user}/credits", key=uuid4(), json=body)
