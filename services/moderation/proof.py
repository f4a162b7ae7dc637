"""Is the audit log whole, and what was written? Asked by `virtubar verify`, as the schema's owner."""

from collections.abc import AsyncIterator
from typing import Final

import orjson

from libs.contracts.catalogue import EVENTS
from libs.eventstore.db import Db, Record
from services.moderation.audit import ACTED, GENESIS, entry_of, link

ENTRIES: Final = """
select entry_id, at, by_user_id, action, object_id, about_user_id, detail::text as detail, seq, hash from audit
where seq is not null order by seq
"""
HEAD: Final = "select seq, hash from audit_head"
# An act and its entry are one transaction, and have one id.
ACTS: Final = """
select e.event_id, e.name, e.schema_version, e.data::text as data,
  a.action, a.by_user_id, a.object_id, a.about_user_id, a.at is not distinct from e.recorded_at as in_time
from events e left join audit a on a.entry_id = e.event_id where e.name = any($1) order by e.pos
"""


async def audit_faults(db: Db) -> list[str]:
    """Sentences about entries that were changed, taken away, added or put elsewhere; none where all is well."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        return [said for look in (_chain, _acts) async for said in look(db)]


async def _chain(db: Db) -> AsyncIterator[str]:
    seq, hash = 0, GENESIS
    async for row in db.cursor(ENTRIES, prefetch=1000):
        if row["seq"] != seq + 1:
            yield f"audit: {_entries(seq + 1, row['seq'] - 1)} missing"
        elif row["hash"] != link(hash, {**row, "detail": orjson.loads(row["detail"])}, row["seq"]):
            yield f"audit: entry {row['seq']} is not the one that was chained"
        seq, hash = row["seq"], row["hash"]
    head = await db.fetchrow(HEAD)
    end, last = (head["seq"], head["hash"]) if head else (0, GENESIS)
    if end > seq:
        yield f"audit: {_entries(seq + 1, end)} missing"
    elif (end, last) != (seq, hash):
        yield f"audit: the chain ends at {seq}, and its head says {end}"


async def _acts(db: Db) -> AsyncIterator[str]:
    async for row in db.cursor(ACTS, list(ACTED), prefetch=1000):
        if row["action"] is None:
            yield f"audit: {row['name']} {row['event_id']} has no entry"
        elif not _tells_of(row):
            yield f"audit: {row['name']} {row['event_id']} is told of otherwise"


def _tells_of(row: Record) -> bool:
    try:
        entry = entry_of(EVENTS[row["name"]].read(orjson.loads(row["data"]), row["schema_version"]))
    except (LookupError, ValueError, TypeError):
        return True  # what became of the event is said elsewhere
    said = (row["action"], row["by_user_id"], row["object_id"], row["about_user_id"])
    return bool(row["in_time"]) and entry is not None and said == (entry.action, entry.by, entry.object_id, entry.about)


def _entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
