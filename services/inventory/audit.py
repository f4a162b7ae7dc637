"""Do the books balance? What `virtubar verify` asks besides that the tables are what the log comes to."""

from collections.abc import Sequence
from typing import Final

from libs.eventstore.db import Db
from services.inventory.projections import ISSUED, SALES, WELCOMES

TOTAL: Final = (
    "select coalesce(sum(amount_cents), 0) as cents from ledger_lines having coalesce(sum(amount_cents), 0) <> 0"
)
# Sides of an entry: two, that come to zero, one of them the wallet's.
LOPSIDED: Final = """
select e.id from ledger_entries e left join ledger_lines l on l.entry_id = e.id
group by e.id
having count(l.*) <> 2 or sum(l.amount_cents) <> 0 or count(*) filter (where l.account_id = e.account_id) <> 1
"""
MISCOUNTED: Final = """
select w.user_id as id from wallets w left join ledger_lines l on l.account_id = w.account_id
group by w.user_id having w.balance_cents <> coalesce(sum(l.amount_cents), 0) or w.balance_cents < 0
"""
# Accounts of people who were erased, and of nobody else.
LEFT_OVER: Final = """
select l.account_id as id from ledger_lines l
where l.account_id <> all($1::uuid[]) and not exists (select from wallets w where w.account_id = l.account_id)
group by l.account_id having sum(l.amount_cents) <> 0
"""
# Of each item that was bought or given, one debit at its price; of each debit, one item.
UNPAID: Final = """
with had as (
  select (data ->> 'source') || ':' || (data ->> 'acquisition_id') as reference,
    (data ->> 'price_cents')::bigint as cents, count(*) as times
  from events where name = 'item_acquire' group by 1, 2
), paid as (
  select data ->> 'reference' as reference, (data ->> 'amount_cents')::bigint as cents, count(*) as times
  from events where name = 'wallet_debit' group by 1, 2
)
select coalesce(had.reference, paid.reference) as id from had full join paid using (reference, cents)
where coalesce(had.times, 0) <> 1 or coalesce(paid.times, 0) <> 1
"""


async def faults(db: Db) -> Sequence[str]:
    """Sentences, one for each thing that is wrong. Reads at one moment; ids alone are said."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        return [
            *(f"the ledger comes to {row['cents']} cents instead of none" for row in await db.fetch(TOTAL)),
            *(f"entry {row['id']} has not two sides that come to zero" for row in await db.fetch(LOPSIDED)),
            *(f"the wallet of {row['id']} is not the sum of its lines" for row in await db.fetch(MISCOUNTED)),
            *(
                f"account {row['id']} is nobody's, and not empty"
                for row in await db.fetch(LEFT_OVER, [ISSUED, SALES, WELCOMES])
            ),
            *(f"{row['id']} was not paid once and had once" for row in await db.fetch(UNPAID)),
        ]
