"""This process's right to own rooms: a lease in Postgres, held by a steady clock and given up in time."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from uuid import UUID

import structlog

from libs.chassis.transient import is_transient
from services.rooms.node_door import NodeDoor, NodeReplaced
from services.rooms.realtime.settings import NodeSettings

log = structlog.get_logger(__name__)

Owned = Callable[[Mapping[UUID, int], float], None]
"""`owned(fences, since)`: the fences of every room this node owned at the moment `since` or later."""


class Lease:
    """Measured from before each renewal was asked for, so that it ends here no later than in Postgres."""

    def __init__(self, door: NodeDoor, settings: NodeSettings, load: Callable[[], float], owned: Owned) -> None:
        self._door = door
        self._settings = settings
        self._load = load
        self._owned = owned
        self._until = float("-inf")
        self._over = False
        self.accepting = True
        self.incarnation = 0

    @property
    def node_id(self) -> str:
        return self._settings.node_id

    def held(self, now: float) -> bool:
        return now < self._until

    def lapsed(self, now: float) -> float:
        """For how many seconds it has not been held; negative while it is."""
        return now - self._until

    async def take(self, url: str) -> None:
        """Register as a new incarnation, however long Postgres takes to answer."""
        while True:
            before = monotonic()
            try:
                self.incarnation = await self._door.register(self.node_id, url, self._settings.node_region)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("no lease yet", error=type(error).__name__, node=self.node_id)
                await asyncio.sleep(self._settings.renew_seconds)
            else:
                self._until = before + self._settings.node_lease_seconds
                log.info("registered", node=self.node_id, incarnation=self.incarnation)
                return

    async def keep(self) -> None:
        """Renew for ever. Raises NodeReplaced when a newer process has taken the node's name."""
        while True:
            before = monotonic()
            try:
                async with asyncio.timeout(self._settings.node_lease_seconds):
                    await self.renew()
            except NodeReplaced:
                self._until = float("-inf")
                raise
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("lease not renewed", error=type(error).__name__, node=self.node_id)
            await asyncio.sleep(max(0.0, before + self._settings.renew_seconds - monotonic()))

    async def renew(self) -> None:
        """Once. Raises NodeReplaced, and what Postgres raises."""
        if self._over:
            return  # else the rooms were ours again, and people sent back here
        before = monotonic()
        await self._door.renew_node(self.node_id, self.incarnation, self._load(), accepting=self.accepting)
        # Asked before the lease counts: rooms that were lost while it had lapsed must not tick once more.
        rooms = await self._door.owned_rooms(self.node_id, self.incarnation)
        self._owned({room.room_id: room.fence for room in rooms}, before)
        if not self._over:
            self._until = before + self._settings.node_lease_seconds

    async def end(self) -> None:
        """A graceful stop: others may take the rooms at once."""
        self._over, self._until = True, float("-inf")
        await self._door.retire(self.node_id, self.incarnation)
