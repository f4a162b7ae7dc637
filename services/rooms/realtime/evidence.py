"""Evidence on a node: what it knows of its rooms' last minutes, and the sealing of it when somebody is reported."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from redis.asyncio import Redis

from libs.chassis.follow import Handler
from libs.contracts.cloudevents import Envelope
from libs.evidence.shelf import Shelf
from services.rooms.node_door import NodeDoor
from services.rooms.realtime.errands import Errands
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.sealer import TOPICS as REPORTS
from services.rooms.realtime.sealer import Sealer
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.witness import Witness

TOPICS: Final = REPORTS


class Evidence:
    def __init__(
        self, door: NodeDoor, halls: Halls, lease: Lease, errands: Errands, redis: Redis, settings: NodeSettings
    ) -> None:
        self.witness = Witness(redis, settings.evidence_kept_seconds, settings.evidence_look_seconds)
        self.sealer = Sealer(
            door,
            halls,
            self.witness,
            Shelf(settings.evidence_url),
            redis,
            lease,
            errands,
            seconds=settings.evidence_seconds,
            every=settings.evidence_look_seconds,
        )

    def besides(self, handler: Handler) -> Handler:
        """A Follower's handler: what it hears concerns evidence, too."""

        async def hear(envelope: Envelope) -> None:
            await self.witness.hear(envelope)
            await self.sealer.hear(envelope)
            if envelope.name not in TOPICS:
                await handler(envelope)

        return hear

    async def run(self, owned: Callable[[], Iterable[Hall]]) -> None:
        """Look, and seal, for ever."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self.witness.run(owned))
            both.create_task(self.sealer.run())
