"""A look, every minute, at who is in the LiveKit rooms: it mends what was not told, and repeats what must be so.

Any number may look beside each other: each room is claimed first.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter

from libs.chassis.transient import is_transient
from libs.eventstore.db import Pool
from libs.eventstore.store import Store, Unit
from services.rooms.settings import RoomsSettings
from services.rooms.voice.livekit import LiveKit, MediaAway
from services.rooms.voice.mend import Open, mended
from services.rooms.voice.orders import orders
from services.rooms.voice.port import write_down
from services.rooms.voice.rules import rules_of
from services.rooms.voice.webhooks import FORGET_WEBHOOKS
from services.rooms.voice.words import Word

OURS = """
select id from rooms where id = any($1::uuid[])
union
select room_id from microphones where not closed
"""
# `claimed_at` is when somebody went, `looked_at` when somebody last came back with an answer: the one before this.
CLAIM = """
insert into voice_looks as v (room_id, claimed_at) values ($1, $2)
on conflict (room_id) do update set claimed_at = excluded.claimed_at where v.claimed_at <= $3
returning looked_at
"""
LOOKED = "update voice_looks set looked_at = $2 where room_id = $1"
FORGET_LOOKS = "delete from voice_looks where claimed_at < $1"
OPEN = "select visit_id, track, opened_at from microphones where room_id = $1 and not closed"

KEPT: Final = timedelta(days=1)  # far longer than a webhook's signature holds
MENDED: Final = Counter("virtubar_voice_mended", "facts about microphones that only a look showed")
LOOKS: Final = Counter("virtubar_voice_looks", "looks at a LiveKit room", ["outcome"])
log = structlog.get_logger(__name__)


class Looks:
    """`clock` is the wall clock; `look` may be called at any time and looks where it is time."""

    def __init__(
        self, store: Store, pool: Pool, settings: RoomsSettings, media: LiveKit, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._pool = pool
        self._every = timedelta(seconds=settings.voice_look_seconds)
        self._media = media
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """A role."""
        while not stop.is_set():
            try:
                await self.look()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("look put off", error=type(error).__name__)
            try:
                await asyncio.wait_for(stop.wait(), self._every.total_seconds() / 4)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Raises MediaAway, and what the database raises."""
        at = self._clock()
        await self._pool.execute(FORGET_WEBHOOKS, at - KEPT)
        await self._pool.execute(FORGET_LOOKS, at - KEPT)
        for row in await self._pool.fetch(OURS, list(await self._media.rooms())):
            due = await self._pool.fetchrow(CLAIM, row["id"], at, at - self._every * 0.9)
            if due is not None:
                await self._look_at(row["id"], due["looked_at"])

    async def _look_at(self, room: UUID, looked_at: datetime | None) -> None:
        known = [Open(*row) for row in await self._pool.fetch(OPEN, room)]  # before we ask: what opens meanwhile is new
        at = self._clock()
        try:
            present = await self._media.present(room)
        except MediaAway:
            LOOKS.labels("away").inc()
            raise
        for visit, words in mended(known, present, looked_at, at).items():
            MENDED.inc(await self._store.run(partial(_mend, room=room, visit=visit, words=words), at=at))
        await self._pool.execute(LOOKED, room, at)
        for order in orders(present, await rules_of(self._pool, room, at)):
            await self._media.obey(room, order)
        LOOKS.labels("done").inc()


async def _mend(unit: Unit, room: UUID, visit: UUID, words: Sequence[Word]) -> int:
    return await write_down(unit, room, visit, words)
