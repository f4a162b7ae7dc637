"""Who speaks, written down for the seconds of the visit: in order for each visit, and nobody waits for it."""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

import structlog

from libs.chassis.transient import is_transient
from services.rooms.node_door import NodeDoor, NotOwner
from services.rooms.realtime.errands import Errands
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.room import Member

log = structlog.get_logger(__name__)

PAUSE: Final = 0.5  # seconds between two tries, Postgres being away
KEPT: Final = 64  # turns of one visit; of more, the newest
PATIENCE: Final = 1.0  # seconds; nobody is kept in a room for longer, because of a microphone


class Microphones:
    """What is not written when the node dies ends with the last heartbeat, as the visit itself does."""

    def __init__(self, door: NodeDoor) -> None:
        self._door = door
        self._due: dict[UUID, deque[tuple[bool, datetime]]] = {}  # by visit: (publishing, at)
        self._writing: dict[UUID, asyncio.Task[None]] = {}  # likewise
        self._errands = Errands()

    def turned(self, hall: Hall, member: Member, since: float) -> None:
        """`since` is when it happened, in seconds of the steady clock."""
        at = datetime.now(UTC) - timedelta(seconds=max(0.0, monotonic() - since))
        visit = member.guest.visit
        if (due := self._due.get(visit)) is not None:
            due.append((member.publishing, at))
            return
        self._due[visit] = deque([(member.publishing, at)], maxlen=KEPT)
        self._writing[visit] = self._errands.go(self._write(visit, hall.room.room_id, hall.room.fence))

    async def written(self, visit: UUID) -> None:
        """Wait for what was told of it: once the visit is over its microphone has no history any more."""
        if task := self._writing.get(visit):
            await asyncio.wait({task}, timeout=PATIENCE)

    async def finish(self, within: float) -> None:
        await self._errands.finish(within)

    async def _write(self, visit: UUID, room_id: UUID, fence: int) -> None:
        due = self._due[visit]
        try:
            while due:
                publishing, at = due[0]
                try:
                    await self._door.speak(visit, room_id, at, publishing=publishing, fence=fence)
                except NotOwner:
                    return  # its new owner writes from here on
                except Exception as error:
                    if not is_transient(error):
                        raise
                    log.warning("microphone not written", error=type(error).__name__)
                    await asyncio.sleep(PAUSE)
                else:
                    due.popleft()
        finally:
            del self._due[visit], self._writing[visit]
