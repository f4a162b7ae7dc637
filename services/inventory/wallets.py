"""Wallets: opened with a welcome, exactly once; credited; locked before anything moves."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from libs.eventstore.db import Db, Record
from libs.eventstore.gone import must_be_here
from libs.eventstore.store import Answer, Meta, Once, Store, Unit
from services.inventory.deciders.refusals import NotFound
from services.inventory.deciders.wallet import WALLET, Credit, Open, wallet_stream

T = TypeVar("T")

LOCK = "select user_id from wallets where user_id = any($1::uuid[]) order by user_id for update"
ENTRY = """
select e.id, e.number, l.amount_cents, e.balance_cents, e.reference, e.entered_at
from wallets w join ledger_entries e on e.account_id = w.account_id
  join ledger_lines l on l.entry_id = e.id and l.account_id = e.account_id
where w.user_id = $1 and e.reference = $2
"""


class NoWallet(Exception):
    """This person has none yet. (Of somebody erased there is none any more, and there will be none.)"""


@dataclass(frozen=True, slots=True)
class Wallets:
    """`welcome_cents` is what each opens with."""

    store: Store
    welcome_cents: int

    async def opened(self, user_id: UUID, at: datetime, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, which raises NoWallet where there is none: then open it first.

        Identity's word of a newcomer may still be on its way; their token is here, so they are. Raises PersonErased.
        """
        try:
            return await work()
        except NoWallet:
            await self.open(user_id, at)
            return await work()

    async def open(self, user_id: UUID, at: datetime) -> None:
        """Open a wallet with the house's welcome, unless there is one. Raises PersonErased."""

        async def work(unit: Unit) -> None:
            await must_be_here(unit.db, user_id)
            await open_wallet(unit, user_id, self.welcome_cents)

        await self.store.run(work, at=at)

    async def credit(
        self, user_id: UUID, amount_cents: int, reference: str, at: datetime, once: Once | None = None
    ) -> Record:
        """The ledger's entry of it (`ENTRY`). Raises NotFound, ReferenceUsed, WalletFull."""
        reference = f"credit:{reference}"

        async def work(unit: Unit) -> Record:
            if once and await unit.once(once):
                return await _entry(unit.db, user_id, reference)
            if not await lock(unit, [user_id]):
                raise NotFound
            known = await unit.db.fetchrow(ENTRY, user_id, reference) is not None
            stream = await unit.load(WALLET, wallet_stream(user_id))
            events = WALLET.decide(stream.state, Credit(user_id, amount_cents, reference, known))
            await unit.append(WALLET, stream, events)
            entry = await _entry(unit.db, user_id, reference)
            if once:
                await unit.answer(Answer(201, str(entry["id"])))
            return entry

        return await self.store.run(work, at=at)


async def open_wallet(unit: Unit, user_id: UUID, welcome_cents: int, meta: Meta | None = None) -> None:
    """Two who open it at once write the same stream's first version: one of them looks again and finds it open."""
    stream = await unit.load(WALLET, wallet_stream(user_id))
    await unit.append(WALLET, stream, WALLET.decide(stream.state, Open(user_id, welcome_cents)), meta)


async def lock(unit: Unit, users: Iterable[UUID]) -> set[UUID]:
    """Lock these people's wallets, in the order of their ids; who of them has one."""
    return {row["user_id"] for row in await unit.guard(LOCK, users)}


async def _entry(db: Db, user_id: UUID, reference: str) -> Record:
    if entry := await db.fetchrow(ENTRY, user_id, reference):
        return entry
    raise NotFound
