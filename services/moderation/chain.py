"""The audit log's one leader: gives each entry its number and its hash, in the order it finds them.

An entry is chained after its own transaction has ended, so no act waits for another's, and none can be numbered twice:
the head's row is locked by whoever chains.
"""

import asyncio

import structlog

from libs.chassis.transient import is_transient
from libs.eventstore.db import Pool
from services.moderation.audit import GENESIS, link

ENTRY = "entry_id, at, by_user_id, action, object_id, about_user_id, detail"
BEGIN = "insert into audit_head (seq, hash) values (0, $1) on conflict do nothing"
HEAD = "select seq, hash from audit_head for update"
UNCHAINED = f"select {ENTRY} from audit where seq is null order by at, entry_id limit $1"  # noqa: S608
CHAIN = """
update audit a set seq = c.seq, hash = c.hash
from unnest($1::uuid[], $2::bigint[], $3::bytea[]) as c (entry_id, seq, hash) where a.entry_id = c.entry_id
"""
MOVE = "update audit_head set seq = $1, hash = $2"
CHAINED = f"select {ENTRY}, seq, hash from audit where seq is not null order by seq"  # noqa: S608

PAGE = 500
POLL = 0.2  # seconds
log = structlog.get_logger(__name__)


class Chain:
    """Any number may run; the head's lock lets one of them chain at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def run(self, stop: asyncio.Event) -> None:
        """A role. A database that is away is no reason to die: entries wait."""
        while not stop.is_set():
            try:
                if await self.advance() == PAGE:
                    continue
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("chaining put off", error=type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), POLL)
            except TimeoutError:
                continue

    async def advance(self) -> int:
        """Chain what there is, a page at most; how many that were."""
        async with self._pool.acquire() as db, db.transaction():
            if not await db.fetchval("select exists (select from audit where seq is null)"):
                return 0
            await db.execute(BEGIN, GENESIS)
            head = await db.fetchrow(HEAD)
            assert head is not None
            # looked for once the head is ours: whoever had it before has chained what it saw
            rows = await db.fetch(UNCHAINED, PAGE)
            seq, hash = head["seq"], head["hash"]
            links = []
            for row in rows:
                seq, hash = seq + 1, link(hash, row, seq + 1)
                links.append((row["entry_id"], seq, hash))
            if links:
                await db.execute(CHAIN, *map(list, zip(*links, strict=True)))
                await db.execute(MOVE, seq, hash)
            return len(links)
