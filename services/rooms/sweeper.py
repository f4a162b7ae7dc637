"""Ends what nobody else will: holds that ran out, seats gone silent, visits in closed rooms,
visits of the banned, nights, old answers.

Any number of sweepers may run beside each other and beside the nodes: each looks again under the room's guard.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from libs.chassis.transient import is_transient
from libs.eventstore.db import Pool, Record
from libs.eventstore.errors import Conflict
from libs.eventstore.idempotency import forget_old
from libs.eventstore.store import Store, Unit
from services.rooms.deciders.visitor import VISITOR, EndNight, Expire, Leave, visitor_stream
from services.rooms.guards import lock
from services.rooms.invites import FORGET_TOKENS
from services.rooms.order import FORGET_KICKS
from services.rooms.sanction import ENDS
from services.rooms.sanctions import BARRED_SEATS, barring
from services.rooms.settings import RoomsSettings
from services.rooms.visits import end
from services.rooms.waitlist import forget_lapsed

# A rebuilt row has no heartbeat yet: its visitor is heard from within one refresh, or silent from now on.
UNHEARD = "update seats set last_heartbeat = $1 where state = 'seated' and last_heartbeat is null"
RUN_OUT = "select user_id, visit_id, room_id from seats where state = 'held' and expires_at <= $1 limit 500"
SILENT = "select user_id, visit_id, room_id from seats where state = 'seated' and last_heartbeat <= $1 limit 500"
IN_CLOSED = """
select s.user_id, s.visit_id, s.room_id from seats s join room_guards g on g.room_id = s.room_id and not g.is_open
limit 500
"""
NIGHTS = """
select n.user_id from nights n
where n.left_at <= $1 and not exists (select from seats s where s.user_id = n.user_id) limit 500
"""
LAST_HEARTBEAT = "select coalesce(last_heartbeat, $2) from seats where visit_id = $1 for update"

TIDY = timedelta(minutes=10)
log = structlog.get_logger(__name__)


class Sweeper:
    """`clock` is the wall clock; `sweep` may be called at any time and does what is due then."""

    def __init__(self, store: Store, pool: Pool, settings: RoomsSettings, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._pool = pool
        self._settings = settings
        self._clock = clock
        self._tidy_at = clock()
        self._fair_from = clock() + self._refresh

    @property
    def _refresh(self) -> timedelta:
        return timedelta(seconds=self._settings.beat_seconds)

    async def run(self, stop: asyncio.Event) -> None:
        """A role."""
        while not stop.is_set():
            try:
                await self.sweep()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("sweep put off", error=type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), self._settings.sweep_seconds)
            except TimeoutError:
                continue

    async def sweep(self) -> None:
        """One look. Raises what the database raises: then nodes may report again before anybody is called silent."""
        at = self._clock()
        try:
            await self._sweep(at)
        except Conflict:
            raise  # a busy visitor is no outage
        except Exception:
            self._fair_from = self._clock() + self._refresh
            raise

    async def _sweep(self, at: datetime) -> None:
        for row in await self._pool.fetch(RUN_OUT, at):
            await self._expire(row, at)
        await self._pool.execute(UNHEARD, at)
        if at >= self._fair_from:
            for row in await self._pool.fetch(SILENT, at - self._settings.silence):
                await self._expire(row, at)
        for row in await self._pool.fetch(IN_CLOSED):
            command = Leave(row["visit_id"], "room_closed", at)
            await self._store.run(partial(_end, row=row, command=command), at=at)
        for row in await self._pool.fetch(BARRED_SEATS, at):  # in the moment of the sanction they were just coming in
            if sanction := await barring(self._pool, row["user_id"], row["room_id"], at):
                assert sanction.kind
                command = Leave(row["visit_id"], ENDS[sanction.kind], at)
                await self._store.run(partial(_end, row=row, command=command), at=at)
        over = EndNight(at, self._settings.night_gap)
        for row in await self._pool.fetch(NIGHTS, at - self._settings.night_gap):
            await self._store.execute(VISITOR, visitor_stream(row["user_id"]), over, at=at)
        if at >= self._tidy_at:
            self._tidy_at = at + TIDY
            async with self._pool.acquire() as db:
                await forget_old(db, at - self._settings.idempotency)
                await db.execute(FORGET_KICKS, at)
                await db.execute(FORGET_TOKENS, at)
                await forget_lapsed(db, at, self._settings.waitlist)

    async def _expire(self, row: Record, at: datetime) -> None:
        async def work(unit: Unit) -> None:
            await lock(unit, [row["room_id"]])
            seen = await unit.db.fetchval(LAST_HEARTBEAT, row["visit_id"], at)  # it may have been heard meanwhile
            if seen is not None:
                command = Expire(row["visit_id"], at, seen, self._settings.silence)
                await end(unit, row["user_id"], row["room_id"], command)

        await self._store.run(work, at=at)


async def _end(unit: Unit, row: Record, command: Leave) -> None:
    await end(unit, row["user_id"], row["room_id"], command)
