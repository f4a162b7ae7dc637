"""Who waits for a seat in a full room: one line per room, one place per person, kept by asking again.

Looked at and written under the room's guard, so that nobody slips in between a seat that is given back and the first of
the line. Operational: a place is a promise of seconds, not a fact.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from libs.eventstore.db import Db
from services.rooms.deciders.line import Place, Waiting, before
from services.rooms.guards import Guard
from services.rooms.settings import RoomsSettings

LINE: Final = "select user_id, number, asked_at from waiting where room_id = $1 and asked_at > $2 order by number"
# The number of before, where this is the same room and the place has not been lost.
STAND: Final = """
insert into waiting as w (user_id, room_id, asked_at, invited) values ($1, $2, $3, $5)
on conflict (user_id) do update set room_id = excluded.room_id, asked_at = greatest(w.asked_at, excluded.asked_at),
  invited = excluded.invited,
  number = case when w.room_id = excluded.room_id and w.asked_at > $4 then w.number else excluded.number end
"""
# So that a room nobody waits for is not looked at twice.
REMEMBER: Final = """
update room_guards set line_until = $2 where room_id = $1 and (line_until is null or line_until < $2)
"""
STEP_OUT: Final = "delete from waiting where user_id = $1 and ($2::uuid is null or room_id = $2)"
ONLY_INVITED: Final = "delete from waiting where room_id = $1 and not invited"
FORGET_LAPSED: Final = "delete from waiting where asked_at <= $1"


class Waitlist:
    """Every method but `step_out` wants the room's guard locked."""

    def __init__(self, settings: RoomsSettings) -> None:
        self._patience = settings.waitlist
        self._longest = settings.limit_waiting
        self._ask_after = max(1, round(settings.waitlist_poll_seconds))

    async def before(self, db: Db, guard: Guard, user: UUID, at: datetime) -> int:
        """How many still wait before this person."""
        if guard.line_until is None or guard.line_until <= at:
            return 0
        return before(user, await self._line(db, guard.room.room_id, at), at, self._patience)

    async def stand(self, db: Db, guard: Guard, user: UUID, at: datetime, *, invited: bool) -> Place | None:
        """Keep the place in line or take the last one; None where the line is as long as it gets.

        `invited`: may come in also where the room is locked or private.
        """
        room_id = guard.room.room_id
        line = await self._line(db, room_id, at)
        if len(line) >= self._longest and all(each.user_id != user for each in line):
            return None
        until = at + self._patience
        await db.execute(STAND, user, room_id, at, at - self._patience, invited)
        await db.execute(REMEMBER, room_id, until)
        return Place(before(user, line, at, self._patience) + 1, until, self._ask_after)

    async def _line(self, db: Db, room_id: UUID, at: datetime) -> list[Waiting]:
        return [Waiting(*row) for row in await db.fetch(LINE, room_id, at - self._patience)]


async def step_out(db: Db, user: UUID, room_id: UUID | None = None) -> None:
    """Leave the line, of this room or of whichever."""
    await db.execute(STEP_OUT, user, room_id)


async def only_invited(db: Db, room_id: UUID) -> None:
    """The room is locked or private from now on."""
    await db.execute(ONLY_INVITED, room_id)


async def forget_lapsed(db: Db, at: datetime, patience: timedelta) -> None:
    await db.execute(FORGET_LAPSED, at - patience)
