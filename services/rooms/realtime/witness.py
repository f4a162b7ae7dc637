"""What this node still knows of the last minutes of its rooms: their lanes, and where people stood once a second.

Looks between ticks, at one room after another, so that none of them waits; writes to Redis what the next owner needs.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from time import time
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import UserDelete
from services.rooms.evidence.document import Fact, Kept
from services.rooms.evidence.positions import Positions
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.lane import Entry
from services.rooms.realtime.trail import Command, added, anew

REMEMBERED: Final = 10_000  # people
UNWRITTEN = Counter("virtubar_evidence_unwritten", "batches of positions that Redis did not take")
log = structlog.get_logger(__name__)


class Witness:
    """`kept`: for how many seconds; `every`: between two looks. One writer per node."""

    def __init__(self, redis: Redis, kept: float, every: float) -> None:
        self._redis = redis
        self._kept = kept
        self._every = every
        self._rooms: dict[UUID, tuple[Hall, Positions]] = {}
        self._gone: OrderedDict[UUID, None] = OrderedDict()  # erased; their seats may take a moment to end
        self._pending: list[Command] = []

    async def run(self, halls: Callable[[], Iterable[Hall]]) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(self._every)
            owned = list(halls())
            for hall in owned:
                self.look(hall, int(time() * 1000))
                await asyncio.sleep(0)
            self._leave({hall.room.room_id for hall in owned})
            await self.flush()

    def look(self, hall: Hall, at: int) -> None:
        """Where everybody is at this moment, epoch milliseconds."""
        room = hall.room
        people = ((user, bytes(each.body), each.away) for user, each in room.members.items() if user not in self._gone)
        if sample := self._positions(hall).take(at, people):
            self._pending += added(room.room_id, room.fence, sample, self._kept)

    def kept(self, hall: Hall, since: int) -> Kept:
        """What is known from then on (epoch milliseconds), as it is at this moment. Quick."""
        begins = hall.lane.begins
        facts = facts_of(hall.lane.entries(since))
        return Kept(begins if begins is not None else int(time() * 1000), facts, self._positions(hall).since(since))

    async def hear(self, envelope: Envelope) -> None:
        """A Follower's handler: whoever is erased has not stood anywhere."""
        match envelope.event():
            case UserDelete(user_id=user):
                if self.forget(user):
                    await self.flush()

    def forget(self, user: UUID) -> bool:
        """True where Redis has to hear of it."""
        self._gone[user] = None
        if len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)
        for hall, positions in self._rooms.values():
            if positions.forget(user):
                self._pending += anew(hall.room.room_id, hall.room.fence, positions, self._kept)
        return bool(self._pending)

    async def flush(self) -> None:
        """Write what is pending; what Redis does not take is lost to the next owner alone."""
        commands, self._pending = self._pending, []
        if not commands:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                answers = await pipe.execute(raise_on_error=False)
            refused: list[Exception] = [answer for answer in answers if isinstance(answer, ResponseError)]
        except (RedisError, OSError) as error:
            refused = [error]
        if refused:
            UNWRITTEN.inc()
            log.warning("positions not written", error=type(refused[0]).__name__, count=len(refused))

    def _positions(self, hall: Hall) -> Positions:
        known = self._rooms.get(hall.room.room_id)
        if known is None or known[0] is not hall:
            known = self._rooms[hall.room.room_id] = (hall, Positions(self._kept))
        return known[1]

    def _leave(self, owned: set[UUID]) -> None:
        for room in self._rooms.keys() - owned:
            del self._rooms[room]


def facts_of(entries: Iterable[Entry]) -> list[Fact]:
    """What all were told, whoever could hear it; what one was told alone is how they see it, and no fact."""
    return [
        Fact(entry.offset, entry.at, entry.json, entry.about) for entry in entries if entry.frame and entry.only is None
    ]
