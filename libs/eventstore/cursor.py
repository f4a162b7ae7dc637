"""Who may publish, and how far publishing has come.

A session's advisory lock elects one leader per schema; the epoch on the cursor row fences one that does not know yet
that it was deposed: it can repeat its last page (consumers drop what they have had), but not move the cursor.
"""

from dataclasses import dataclass, replace

from libs.eventstore.db import Db
from libs.eventstore.errors import Deposed

# A leader that is stopped, or cut off, stops talking to its session; the server then ends it and frees the lock.
SESSION = """
set idle_session_timeout = '5s';
set tcp_keepalives_idle = 5;
set tcp_keepalives_interval = 1;
set tcp_keepalives_count = 5;
"""
LEAD = "select pg_try_advisory_lock(hashtextextended('relay of ' || current_schema(), 0))"
TAKE = """
insert into relay_cursor (name, pos, epoch) values ($1, 0, 1)
on conflict (name) do update set epoch = relay_cursor.epoch + 1 returning pos, epoch
"""
MOVE = "update relay_cursor set pos = $4 where name = $1 and epoch = $2 and pos = $3"


@dataclass(frozen=True, slots=True)
class Cursor:
    """What one leader holds."""

    name: str
    pos: int
    epoch: int

    async def move(self, db: Db, to: int) -> "Cursor":
        """Raises Deposed when another leader has taken over; the cursor is then where that one left it."""
        if await db.execute(MOVE, self.name, self.epoch, self.pos, to) != "UPDATE 1":
            raise Deposed(f"epoch {self.epoch} of {self.name} is over")
        return replace(self, pos=to)


async def lead(db: Db, name: str) -> Cursor | None:
    """Become the leader for as long as this session lives; None while another one is. `db` must be its own session."""
    if not await db.fetchval(LEAD):
        return None
    row = await db.fetchrow(TAKE, name)
    assert row is not None
    return Cursor(name, row["pos"], row["epoch"])
