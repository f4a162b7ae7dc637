"""A purchase's statements, taken from the code that runs them, as a script for pgbench: a drink for one of many."""

import asyncio

import asyncpg
import orjson

from bench.pgbench import Rate, line, pgbench
from libs.eventstore.idempotency import CLAIM, RECALL, REMEMBER
from libs.eventstore.unit import APPEND, LOAD
from services.inventory.deciders.wallet import WALLET, Buy, Offer, Opened, decide
from services.inventory.projections import ACQUIRE, ENTER, SALES
from services.inventory.purchases import LOOK
from services.inventory.wallets import LOCK
from tests.inventory.house import ANN
from tests.stack import Databases

PEOPLE = 2_000
DRINK = Offer(ANN, "drink-bench", "drink", 1)

# Wallets that do not run dry, as a newcomer has them. A script's colons are pgbench's: JSON is in `sample`.
FURNISH = f"""
insert into inventory_items values ('{ANN}', 'drink-bench', 'drink', 'Bench', '{{}}', 1, true);
insert into wallets select id, id, 2000000000 from (
  select ('00000000-0000-4000-a000-' || lpad(n::text, 12, '0'))::uuid as id from generate_series(1, {PEOPLE}) n) people;
create table sample (state text, debit text, acquire text, meta text);
grant select on sample to inventory;
"""
OPENED = "insert into streams select 'wallet-' || user_id, 'wallet', 1, $1::text::jsonb, 1 from wallets"

USER = "('00000000-0000-4000-a000-' || lpad(:u::text, 12, '0'))::uuid"
ENTRY, THING = [f"md5(:a::text || :b::text || '{what}')::uuid" for what in ("entry", "thing")]
STREAM = f"'wallet-' || {USER}::text"
VERSION = f"(select version from streams where stream_id = {STREAM})"
STATE, DEBIT, ACQUIRED, META = (f"select {name} from sample" for name in ("state", "debit", "acquire", "meta"))
ITEM = f"'{ANN}'::uuid"


def script() -> str:
    appended = (
        STREAM, "'wallet'", VERSION, STATE, "1", "now()", f"array[{ENTRY}, gen_random_uuid()]",
        "array['wallet_debit', 'item_acquire']", "array[1, 1]::smallint[]", f"array[{USER}, {USER}]",
        f"array[({DEBIT}), ({ACQUIRED})]", META,
    )  # fmt: skip
    entered = (USER, ENTRY, VERSION, "-1", "2000000000", f"'purchase:' || {THING}::text", "now()", f"'{SALES}'::uuid")
    return "\n".join(
        [
            f"\\set u random(1, {PEOPLE})",
            "\\set a random(1, 2000000000)",
            "\\set b random(1, 2000000000)",
            "begin;",
            line(CLAIM, f"{USER}::text || :a::text", "1", ":u % 1024"),
            line(RECALL, USER, ":a::text"),
            line(LOCK, f"array[{USER}]"),
            line(LOOK, ITEM, USER, f"'purchase:' || {THING}::text"),
            line(LOAD, STREAM),
            line(APPEND, *appended),
            line(ENTER, *entered),
            line(ACQUIRE, THING, USER, ITEM, "now()"),
            line(REMEMBER, USER, f"{THING}::text", "sha256('x')", "201", f"{THING}::text", "now()"),
            "commit;",
        ]
    )


async def pgbench_of_a_purchase(databases: Databases, *, clients: int, seconds: int) -> Rate:
    """On a fresh migrated database of inventory."""
    wallet = Opened(2_000_000_000)
    debit, acquire = decide(wallet, Buy(ANN, ANN, DRINK, 1))
    state = WALLET.codec.dump_json(wallet).decode()
    admin = await asyncpg.connect(databases.admin, server_settings={"search_path": "inventory"})
    try:
        await admin.execute(FURNISH)
        await admin.execute(OPENED, state)
        sample = (state, debit.model_dump_json(), acquire.model_dump_json(), orjson.dumps({}).decode())
        await admin.execute("insert into sample values ($1, $2, $3, $4)", *sample)
    finally:
        await admin.close()
    url = f"{databases.runtime}?options=-csearch_path%3Dinventory"
    return await asyncio.to_thread(pgbench, url, script(), clients=clients, seconds=seconds)
