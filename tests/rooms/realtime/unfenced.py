"""The node everybody writes first: what it was given once it believes to have for ever, and nothing it writes says
since when. `python -m tests.rooms.realtime.unfenced realtime`.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

from libs.chassis.backbone import backbone
from libs.chassis.postgres import connect
from libs.chassis.process import Parts, main
from libs.chassis.redis import connect as connect_redis
from services.rooms.ports import Owned
from services.rooms.projections import ROOMS
from services.rooms.realtime.role import Realtime
from services.rooms.realtime.settings import NodeSettings
from services.rooms.service import RealtimeDoor
from services.rooms.visits import Visits

FOR_EVER = 3600.0  # seconds


class Unfenced(RealtimeDoor):
    def __init__(self, *outside: Any) -> None:
        super().__init__(*outside)
        store, pool, _, settings = outside
        ended = Visits(store, pool, settings).leave

        async def leave(*said: Any, fence: int | None = None, **more: Any) -> bool:
            return await ended(*said, **more)

        self.leave = leave
        self._had: dict[UUID, Owned] = {}

    async def owned_rooms(self, node_id: str, incarnation: int) -> Sequence[Owned]:
        self._had |= {room.room_id: room for room in await super().owned_rooms(node_id, incarnation)}
        return list(self._had.values())


@asynccontextmanager
async def compose(settings: NodeSettings, wanted: Collection[str]) -> AsyncIterator[Parts]:
    async with backbone("rooms", settings, ROOMS) as bar, AsyncExitStack() as stack:
        lifeline = await stack.enter_async_context(await connect(settings.database_url, "rooms", size=1))
        node = Realtime(
            settings.model_copy(update={"node_lease_seconds": FOR_EVER}),
            door=Unfenced(bar.store, bar.pool, lifeline, settings),
            redis=await stack.enter_async_context(connect_redis(settings.redis_url, decode=False)),
            kafka=bar.kafka,
            verifier=bar.verifier(waits=False),
            revocations=bar.revocations,
        )
        yield bar.parts(wanted, [], refusals={}, roles={"realtime": node.run}, ready=node.ready)


if __name__ == "__main__":
    main("rooms", NodeSettings, compose, roles=["realtime"])
