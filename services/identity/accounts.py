"""An account's turn: who changes it holds its row, and a later change has a later time, whatever the clocks say."""

from datetime import timedelta
from uuid import UUID

from libs.eventstore.unit import Unit

LOCK = "select id, updated_at from users where id = any($1::uuid[]) order by id for update"
TICK = timedelta(microseconds=1)  # as fine as times are kept


async def hold(unit: Unit, user_id: UUID) -> None:
    """A guard: before anything is appended. Nothing to hold where somebody has no account yet.

    Access tokens say when their session began, and a revocation ends what began before it. So a session that is older
    in the log must be older by its time too: a unit that had to wait is as late as what it waited for, and a tick.
    """
    for row in await unit.guard(LOCK, [user_id]):
        unit.at = max(unit.at, row["updated_at"] + TICK)
