"""When each visit was last heard from, written down for its room's next owner: one statement for the whole node."""

import asyncio
from datetime import UTC, datetime
from time import monotonic

import structlog

from libs.chassis.transient import is_transient
from services.rooms.node_door import NodeDoor
from services.rooms.realtime.codes import Code
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.settings import NodeSettings

log = structlog.get_logger(__name__)


class Beats:
    """Every `beat_seconds`; Postgres away is nobody's fault, the next beat says it all again."""

    def __init__(self, door: NodeDoor, halls: Halls, lease: Lease, settings: NodeSettings) -> None:
        self._door = door
        self._halls = halls
        self._lease = lease
        self._every = settings.beat_seconds

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.write()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("heartbeats not written", error=type(error).__name__)

    async def write(self) -> None:
        """Once. Raises what Postgres raises."""
        now = monotonic()
        seen = self._halls.heartbeats(now, datetime.now(UTC))
        if not seen or not self._lease.held(now):
            return
        over = await self._door.beat(self._lease.node_id, self._lease.incarnation, seen)
        if over:
            await self._lease.renew()  # a room that is another node's by now is let go of whole
            for visit in over:
                self._halls.part(visit, "left", Code.SEAT_GONE, monotonic())
