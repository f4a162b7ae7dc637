"""What happened, as rows: the menu, who has what, and every cent's way through the ledger."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import orjson

from libs.contracts.erasure import ErasureDone
from libs.contracts.event import Event
from libs.contracts.inventory import ItemAcquire, ItemList, ItemRetire, WalletCredit, WalletDebit
from libs.eventstore.db import Db
from libs.eventstore.projections import Projection, Table
from libs.eventstore.recorded import Recorded

WELCOMES: Final = UUID("00000000-0000-4000-8000-000000000001")  # what the house has given away
ISSUED: Final = UUID("00000000-0000-4000-8000-000000000002")  # what came from outside, and what went with the erased
SALES: Final = UUID("00000000-0000-4000-8000-000000000003")
HOUSE: Final[Mapping[str, UUID]] = {"welcome": WELCOMES, "credit": ISSUED, "purchase": SALES, "gift": SALES}
"""The other side of an entry, by the kind of its reference."""

LIST = """
insert into inventory_items (id, sku, type, name, metadata, price_cents, active)
values ($1, $2, $3, $4, $5::text::jsonb, $6, true)
"""
RETIRE = "update inventory_items set active = false where id = $1"
# A wallet's account bears the id of the event that opened it, so that no account is derived from a person.
ENTER = """
with wallet as (
  insert into wallets (user_id, account_id, balance_cents) values ($1, $2, $5)
  on conflict (user_id) do update set balance_cents = excluded.balance_cents returning account_id
), entry as (
  insert into ledger_entries (id, account_id, number, reference, balance_cents, entered_at)
  select $2, account_id, $3, $6, $5, $7 from wallet
)
insert into ledger_lines (entry_id, account_id, amount_cents)
select $2, account_id, $4::integer from wallet union all select $2, $8, -$4::integer
"""
ACQUIRE = "insert into user_inventory (id, user_id, item_id, acquired_at) values ($1, $2, $3, $4)"
# What is left goes back to where money comes from; the entries stay, and are nobody's.
CLOSE = """
with things as (
  delete from user_inventory where user_id = $1
), wallet as (
  delete from wallets where user_id = $1 returning account_id, balance_cents
), entry as (
  insert into ledger_entries (id, account_id, number, reference, balance_cents, entered_at)
  select $2, w.account_id, (select max(e.number) + 1 from ledger_entries e where e.account_id = w.account_id),
    'closing', 0, $3
  from wallet w
)
insert into ledger_lines (entry_id, account_id, amount_cents)
select $2, account_id, -balance_cents from wallet union all select $2, $4, balance_cents from wallet
"""


async def list_items(db: Db, happened: Recorded) -> None:
    match happened.event:
        case ItemList(item_id=item, sku=sku, type=type, name=name, metadata=metadata, price_cents=price):
            await db.execute(LIST, item, sku, type, name, orjson.dumps(metadata).decode(), price)
        case ItemRetire(item_id=item):
            await db.execute(RETIRE, item)
        case Event():
            pass


async def keep_books(db: Db, happened: Recorded) -> None:
    event, at = happened.event, happened.at
    match event:
        case WalletCredit(amount_cents=cents):
            await _enter(db, happened, event, cents)
        case WalletDebit(amount_cents=cents):
            await _enter(db, happened, event, -cents)
        case ItemAcquire(acquisition_id=acquisition, user_id=user, item_id=item):
            await db.execute(ACQUIRE, acquisition, user, item, at)
        case ErasureDone(user_id=user):
            await db.execute(CLOSE, user, happened.event_id, at, ISSUED)
        case Event():
            pass


async def _enter(db: Db, happened: Recorded, event: WalletCredit | WalletDebit, cents: int) -> None:
    other_side = HOUSE[event.reference.partition(":")[0]]
    entry = (happened.event_id, happened.version, cents, event.balance_cents, event.reference, happened.at)
    await db.execute(ENTER, event.user_id, *entry, other_side)


CATALOGUE = Projection(
    tables=(Table("inventory_items", ("id",), ("sku", "type", "name", "metadata", "price_cents", "active")),),
    apply=list_items,
)
BOOKS = Projection(
    tables=(
        Table("user_inventory", ("id",), ("user_id", "item_id", "acquired_at")),
        Table("wallets", ("user_id",), ("account_id", "balance_cents")),
        Table("ledger_entries", ("id",), ("account_id", "number", "reference", "balance_cents", "entered_at")),
        Table("ledger_lines", ("entry_id", "account_id"), ("amount_cents",)),
    ),
    apply=keep_books,
)
