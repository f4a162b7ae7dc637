"""Inventory on a database of its own, fresh for one test: the doors, and short words for what tests do there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg

from libs.chassis.consumers import Consumers
from libs.chassis.consumers.applying import Applying
from libs.chassis.consumers.handlers import Handlers
from libs.chassis.postgres import connect
from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.identity import UserDelete, UserRegister
from libs.eventstore.db import Pool
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import project_all
from libs.eventstore.rebuild import Rebuild, Report
from libs.eventstore.recorded import Reader
from libs.eventstore.store import Once, Store
from libs.safety.replica import PAIRS
from libs.safety.standings import STANDINGS
from services.inventory.consumers import listen
from services.inventory.deciders.item import Listing, item_id_of
from services.inventory.projections import BOOKS, CATALOGUE
from services.inventory.purchases import Order, Receipt
from services.inventory.service import Inventory
from services.inventory.settings import InventorySettings
from tests.stack import Databases

NINE = datetime(2026, 2, 6, 21, tzinfo=UTC)
ANN, BOB = UUID(int=1), UUID(int=2)
BEER = Listing("drink-beer", "drink", "Beer", 300, {"glass": "pint"})
HAT = Listing("cosmetic-hat", "cosmetic", "Hat", 900, {"slot": "hat"})
WELCOME = 2_000


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def request(user: UUID, key: str, what: str = "a purchase") -> Once:
    """One request of somebody, with an Idempotency-Key."""
    return Once(user, key, what.encode())


class Listening(Handlers):
    """What the composition root hands to `listen`, without Kafka."""

    def replica(self, event: type[Event], handler: Any) -> None:
        self.add_replica(event, handler)

    def command(self, event: type[Event], handler: Any) -> None:
        self.add_command(event, handler)


@dataclass
class House:
    urls: Databases
    pool: Pool
    store: Store
    keys: KeyRing
    cipher: Cipher
    inventory: Inventory
    applying: Applying
    owner: "asyncpg.Connection[asyncpg.Record]"
    now: datetime = NINE
    said: int = 0

    async def sells(self, *listings: Listing) -> None:
        for listing in listings:
            await self.inventory.catalogue.enlist(listing, NINE)

    async def newcomers(self, count: int) -> list[UUID]:
        """People with a wallet."""
        people = [uuid4() for _ in range(count)]
        for person in people:
            await self.inventory.wallets.open(person, NINE)
        return people

    async def buys(self, user: UUID, listing: Listing = BEER, *, at: datetime = NINE, **more: Any) -> Receipt:
        order = Order(user, item_id_of(listing.sku), more.pop("expected", listing.price_cents))
        return await self.inventory.purchases.buy(order, at, **more)

    async def gives(
        self, user: UUID, to: UUID, listing: Listing = BEER, *, at: datetime = NINE, **more: Any
    ) -> Receipt:
        order = Order(user, item_id_of(listing.sku), more.pop("expected", listing.price_cents))
        return await self.inventory.purchases.give(order, to, at, **more)

    async def hears(self, event: Event, stream: str = "", version: int = 0, *, id: UUID | None = None) -> Envelope:
        """As it comes by Kafka; versions grow with each event where none is given."""
        self.said += 1
        envelope = Envelope(
            id=id or uuid4(),
            name=event.NAME,
            source="/virtubar/test/somebody/1",
            subject=event.subject,
            time=self.now,
            schema_version=event.VERSION,
            stream_id=stream or f"user-{event.subject}",
            stream_version=version or self.said,
            position=self.said,
            correlation_id=None,
            causation_id=None,
            traceparent=None,
            data=event.model_dump(mode="json"),
        )
        await self.applying.alone(envelope)
        return envelope

    async def registers(self, user: UUID) -> Envelope:
        return await self.hears(UserRegister(user_id=user, auth_provider="email"))

    async def erases(self, user: UUID) -> Envelope:
        return await self.hears(UserDelete(user_id=user))

    async def balance(self, user: UUID) -> int | None:
        found: int | None = await self.pool.fetchval("select balance_cents from wallets where user_id = $1", user)
        return found

    async def story(self, user: UUID) -> list[str]:
        """The wallet's events, by name."""
        rows = await self.pool.fetch("select name from events where stream_id = $1 order by version", f"wallet-{user}")
        return [row["name"] for row in rows]

    async def rebuilt(self, *, merge: bool = False) -> Report:
        """Every table beside what the log comes to."""
        try:
            rebuild = Rebuild(self.owner, Reader(self.cipher, EVENTS), [CATALOGUE, BOOKS, PAIRS, STANDINGS])
            return await (rebuild.merge() if merge else rebuild.compare())
        finally:
            await self.owner.execute("discard temp")


@asynccontextmanager
async def house_at(urls: Databases, *, size: int = 12, **settings: Any) -> AsyncIterator[House]:
    told = InventorySettings(database_url=urls.runtime, keys_url=urls.keys, **settings)
    async with (
        await connect(urls.runtime, "inventory", size=size) as pool,
        await connect(urls.keys, "inventory", size=2) as vault,
    ):
        keys = KeyRing(vault)
        cipher = Cipher(keys)
        store = Store(pool, cipher=cipher, project=project_all(CATALOGUE, BOOKS))
        inventory, handlers = Inventory(store, told), Listening()
        listen(cast(Consumers, handlers), inventory.wallets, keys)
        applying = Applying("inventory", handlers, pool, store, lambda: house.now)
        owner = await asyncpg.connect(urls.owner, server_settings={"search_path": "inventory"})
        house = House(urls, pool, store, keys, cipher, inventory, applying, owner)
        yield house
        await owner.close()
