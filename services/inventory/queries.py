"""SQL to rows."""

from datetime import datetime
from typing import Final
from uuid import UUID

from libs.contracts.vocabulary import ItemType
from libs.eventstore.db import Pool, Record
from services.inventory.deciders.refusals import NotFound
from services.inventory.wallets import NoWallet

COLUMNS = "select id, sku, type, name, metadata, price_cents, active from inventory_items "
ITEM = COLUMNS + "where id = $1"
MENU = (
    COLUMNS
    + """
where active and ($1::text is null or type = $1) and ($2::bigint is null or (price_cents, id) > ($2, $3))
order by price_cents, id limit $4
"""
)
OWNED = """
select u.id, u.user_id, u.item_id, u.acquired_at, i.sku, i.type, i.name, i.metadata
from user_inventory u join inventory_items i on i.id = u.item_id
where u.user_id = $1 and ($2::timestamptz is null or (u.acquired_at, u.id) < ($2, $3))
order by u.acquired_at desc, u.id desc limit $4
"""
BALANCE = "select balance_cents from wallets where user_id = $1"
ENTRIES = """
select e.id, e.number, l.amount_cents, e.balance_cents, e.reference, e.entered_at
from ledger_entries e join ledger_lines l on l.entry_id = e.id and l.account_id = e.account_id
where e.account_id = (select account_id from wallets where user_id = $1) and ($2::bigint is null or e.number < $2)
order by e.number desc limit $3
"""

FIRST_PAGE: Final = (None, None)
Cheapest = tuple[int, UUID]
Newest = tuple[datetime, UUID]


async def item(pool: Pool, item_id: UUID) -> Record:
    """The specification's columns. Raises NotFound."""
    if found := await pool.fetchrow(ITEM, item_id):
        return found
    raise NotFound


async def menu(pool: Pool, type: ItemType | None, after: Cheapest | None, limit: int) -> list[Record]:
    """What is sold, cheapest first; `after` is (price_cents, id) of the last one seen."""
    return await pool.fetch(MENU, type, *(after or FIRST_PAGE), limit)


async def owned(pool: Pool, user_id: UUID, after: Newest | None, limit: int) -> list[Record]:
    """What somebody has, newest first; `after` is (acquired_at, id) of the last one seen."""
    return await pool.fetch(OWNED, user_id, *(after or FIRST_PAGE), limit)


async def balance(pool: Pool, user_id: UUID) -> int:
    """In cents. Raises NoWallet."""
    found: int | None = await pool.fetchval(BALANCE, user_id)
    if found is None:
        raise NoWallet
    return found


async def entries(pool: Pool, user_id: UUID, after: int | None, limit: int) -> list[Record]:
    """What moved in a wallet, newest first; `after` is the number of the last one seen. Raises NoWallet."""
    found = await pool.fetch(ENTRIES, user_id, after, limit)
    if not found and after is None:
        raise NoWallet  # one that there is has its welcome in it
    return found
