"""Buying, for oneself or for somebody else: the money, the thing and the answer are one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.contracts.vocabulary import ItemType
from libs.eventstore.db import Db
from libs.eventstore.idempotency import resource_id
from libs.eventstore.store import Answer, Once, Store, Unit
from libs.safety.relation import GOOD
from libs.safety.replica import relations_of
from libs.safety.rule import can_interact
from libs.safety.surface import Surface
from services.inventory.deciders.refusals import NotFound
from services.inventory.deciders.wallet import WALLET, Buy, Give, Offer, Receive, balance_of, wallet_stream
from services.inventory.people import standing
from services.inventory.wallets import NoWallet, Wallets, lock

# What is offered, and what this wallet's ledger has under the reference: a repeat is known by it for good.
LOOK = """
select i.id, i.sku, i.type, i.name, i.price_cents, i.active, paid.price_cents as paid_cents, paid.balance_cents,
  paid.entered_at
from inventory_items i left join lateral (
  select -l.amount_cents as price_cents, e.balance_cents, e.entered_at
  from wallets w join ledger_entries e on e.account_id = w.account_id and e.reference = $3
    join ledger_lines l on l.entry_id = e.id and l.account_id = e.account_id
  where w.user_id = $2
) paid on true
where i.id = $1
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for, at the price they were shown."""

    user_id: UUID
    item_id: UUID
    expected_price_cents: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was bought. The same for every repeat of one request."""

    id: UUID  # of the acquisition
    item_id: UUID
    sku: str
    type: ItemType
    name: str
    price_cents: int
    balance_cents: int  # of whoever paid, right after it
    at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """The item as the menu has it, and the receipt where this request has been paid before."""

    offer: Offer
    name: str
    receipt: Receipt | None

    def paid(self, id: UUID, balance_cents: int, at: datetime) -> Receipt:
        item = self.offer
        return Receipt(id, item.item_id, item.sku, item.type, self.name, item.price_cents, balance_cents, at)


@dataclass(frozen=True, slots=True)
class Purchases:
    """Each locks the wallets it concerns first, in the order of their ids."""

    store: Store
    wallets: Wallets

    async def buy(self, order: Order, at: datetime, once: Once | None = None) -> Receipt:
        """Raises NotFound, ItemRetired, PriceChanged, AlreadyOwned, InsufficientFunds."""
        user, id = order.user_id, resource_id(once)

        async def work(unit: Unit) -> Receipt:
            answered = once and await unit.once(once)
            if user not in await lock(unit, [user]):
                raise NoWallet
            seen = await _look(unit.db, order, id, f"purchase:{id}")
            stream = await unit.load(WALLET, wallet_stream(user))
            command = Buy(user, id, seen.offer, order.expected_price_cents, known=seen.receipt is not None)
            stream = await unit.append(WALLET, stream, WALLET.decide(stream.state, command))
            if once and not answered:
                await unit.answer(Answer(201, str(id)))
            return seen.receipt or seen.paid(id, balance_of(stream.state), at)

        return await self.wallets.opened(user, at, lambda: self.store.run(work, at=at))

    async def give(self, order: Order, to: UUID, at: datetime, once: Once | None = None) -> Receipt:
        """Buy it for somebody else. What `buy` raises, AlreadyOwned being about them; Self.

        NotFound where there is no item, and where there is nobody: never there, erased, suspended, or a block between.
        """
        user, id = order.user_id, resource_id(once)

        async def work(unit: Unit) -> Receipt:
            answered = once and await unit.once(once)
            here = await lock(unit, {user, to})
            if user not in here:
                raise NoWallet
            seen = await _look(unit.db, order, id, f"gift:{id}")
            known = seen.receipt is not None
            if not known and (to not in here or not await _reaches(unit.db, user, to)):
                raise NotFound
            mine, theirs = [await unit.load(WALLET, wallet_stream(each)) for each in (user, to)]
            command = Give(user, to, id, seen.offer, order.expected_price_cents, known)
            given = WALLET.decide(mine.state, command)
            received = WALLET.decide(theirs.state, Receive(to, id, seen.offer)) if given else []
            mine = await unit.append(WALLET, mine, given)
            await unit.append(WALLET, theirs, received)
            if once and not answered:
                await unit.answer(Answer(201, str(id)))
            return seen.receipt or seen.paid(id, balance_of(mine.state), at)

        return await self.wallets.opened(user, at, lambda: self.store.run(work, at=at))


async def _look(db: Db, order: Order, id: UUID, reference: str) -> Seen:
    row = await db.fetchrow(LOOK, order.item_id, order.user_id, reference)
    if row is None:
        raise NotFound
    offer = Offer(row["id"], row["sku"], row["type"], row["price_cents"], row["active"])
    if row["entered_at"] is None:
        return Seen(offer, row["name"], None)
    bought = (offer.item_id, offer.sku, offer.type, row["name"], row["paid_cents"])
    return Seen(offer, row["name"], Receipt(id, *bought, row["balance_cents"], row["entered_at"]))


async def _reaches(db: Db, giver: UUID, to: UUID) -> bool:
    between = (await relations_of(db, giver, [to]))[to]
    return bool(can_interact(GOOD, await standing(db, to), Surface.GIFT, between))
