"""Lanes on their way to Redis: behind the room's back, in order, in batches. The room never waits for them.

Ids begin with the owner's fence and the stream refuses those that do not grow: what an owner says late is refused, and
tells it that the room is another's by now. A stream that has gone begins anew, under another epoch.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from time import monotonic, time
from typing import Any, Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from services.rooms.realtime.hall import Hall
from services.rooms.realtime.lane import SEQ_BITS, first_offset, offset_of
from services.rooms.realtime.lane_batch import Batch, Written
from services.rooms.realtime.lane_past import Past, claim, is_overtaken
from services.rooms.realtime.lane_wire import lane_key

log = structlog.get_logger(__name__)

PAUSE: Final = 0.005  # seconds, so that others are in the batch too; what a killed node has not written is lost
RETRY: Final = 0.25  # seconds, Redis being away
GLANCE: Final = 0.25  # seconds; whoever resumes waits no longer
BATCH: Final = 500  # entries of one room at a time
REMEMBERED: Final = 10_000  # rooms this node had


class LaneStore:
    """The lanes of one node's rooms. `lose(room_id)` is called where a room turns out to be another node's."""

    def __init__(self, redis: Redis, seconds: float, refresh: float, lose: Callable[[UUID], None]) -> None:
        """A stream is kept for `seconds` after its room was last held; that is looked after every `refresh` seconds."""
        self._redis = redis
        self._seconds = int(seconds)
        self._refresh = refresh
        self._lose = lose
        self._rooms: dict[UUID, Written] = {}
        self._reached: OrderedDict[UUID, int] = OrderedDict()
        self._dirty: dict[Written, None] = {}  # those with something to write, perhaps
        self._looked = float("-inf")  # at whose time it is
        self._stirred = asyncio.Event()
        self._writing = asyncio.Lock()
        self.failures = 0
        self.restarts = 0  # streams that were gone

    def opened(self, hall: Hall, *, exists: bool) -> None:
        """From here on what the room is told is written; `exists`: its stream does."""
        room = self._rooms[hall.room.room_id] = Written(hall, exists)
        hall.lane.stir = lambda: self._stir(room)
        self._stir(room)

    def closed(self, hall: Hall) -> None:
        """What was told is written still, unless somebody else has the room by then."""
        room = self._rooms.get(hall.room.room_id)
        if room is None or room.hall is not hall:
            return
        room.closing, room.due = True, float("-inf")
        self._reached[hall.room.room_id] = hall.room.offset
        if len(self._reached) > REMEMBERED:
            self._reached.popitem(last=False)
        self._stir(room)

    async def past(self, room_id: UUID, fence: int) -> Past:
        """What the owners before have left; nothing where Redis is away. Raises Overtaken."""
        reached = max(first_offset(fence), self._reached.get(room_id, 0))  # written or not
        try:
            past = await claim(self._redis, room_id, fence)
        except (RedisError, OSError, TimeoutError) as error:
            self.failures += 1
            log.warning("a room without its past", error=type(error).__name__)
            return Past(reached)
        return replace(past, reached=max(past.reached, reached))

    async def discard(self, room_id: UUID) -> None:
        """What is there is of no owner that Postgres knows of: of another timeline, perhaps."""
        with suppress(RedisError, OSError):
            await self._redis.delete(lane_key(room_id))

    async def look(self, room_id: UUID) -> None:
        """Somebody is about to resume: where the stream has gone a new epoch begins, and they will not."""
        if (room := self._rooms.get(room_id)) is None or not room.exists:
            return
        epoch = room.hall.room.epoch
        try:
            async with asyncio.timeout(GLANCE):
                there = await self._redis.expire(lane_key(room_id), self._seconds)
        except (RedisError, OSError, TimeoutError):
            return  # this node remembers all the same
        if not there and room.hall.room.epoch == epoch:
            self._restart(room)

    async def run(self) -> None:
        """Write for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._refresh / 4):
                    await self._stirred.wait()
            self._stirred.clear()
            await asyncio.sleep(PAUSE)
            if not await self.flush():
                self._stirred.set()
                await asyncio.sleep(RETRY)

    def _stir(self, room: Written) -> None:
        self._dirty[room] = None
        self._stirred.set()

    async def flush(self) -> bool:
        """Write what there is. False where Redis did not take it."""
        async with self._writing:
            batches: list[Batch] = []
            try:
                for room in [room for room in self._dirty if room.unsure]:
                    await self._make_sure(room)
                batches = list(self._batches(monotonic()))
                await self._write(batches)
            except (RedisError, OSError) as error:
                self.failures += 1
                for batch in batches:
                    batch.room.unsure = True
                    self._forget_closed(batch.room)
                    self._dirty[batch.room] = None
                log.warning("lanes not written", error=type(error).__name__, rooms=len(batches))
                return False
            return True

    def _batches(self, now: float) -> Iterator[Batch]:
        if now - self._looked > self._refresh / 8:
            self._looked = now
            self._dirty.update((room, None) for room in self._rooms.values() if now >= room.due)
        dirty, self._dirty = self._dirty, {}
        for room in dirty:
            if self._rooms.get(room.hall.room.room_id) is not room:
                continue  # let go of, or opened anew
            lane, due = room.hall.lane, now >= room.due
            if due and not room.closing:
                lane.prune(int(time() * 1000))
                if not lane.marked:
                    room.hall.mark()
            due = due and len(lane.unwritten) <= BATCH  # never trimmed up to a checkpoint that is not there yet
            if due or lane.unwritten or lane.unwanted:
                entries = list(islice(lane.unwritten, BATCH))
                yield Batch(room, entries, lane.unwanted[:BATCH], due, lane.generation)

    async def _write(self, batches: list[Batch]) -> None:
        if not batches:
            return
        async with self._redis.pipeline(transaction=False) as pipe:
            counts = []
            for batch in batches:
                commands = list(batch.commands(self._seconds))
                counts.append(len(commands))
                for command in commands:
                    pipe.execute_command(*command)
            answers = iter(await pipe.execute(raise_on_error=False))
        trouble: list[Exception] = []
        for batch, count in zip(batches, counts, strict=True):
            trouble += self._took(batch, list(islice(answers, count)))
        if trouble:
            raise trouble[0]

    def _took(self, batch: Batch, answers: list[Any]) -> list[Exception]:
        """What Redis says to one room's batch; returned is what it should not have said."""
        room, lane = batch.room, batch.room.hall.lane
        if self._rooms.get(room.hall.room.room_id) is not room:
            return []  # it was opened anew meanwhile
        if any(map(is_overtaken, answers)):
            self._rooms.pop(room.hall.room.room_id, None)
            self._lose(room.hall.room.room_id)
            return []
        if trouble := [answer for answer in answers if isinstance(answer, Exception)]:
            return trouble
        if batch.generation != lane.generation:
            return []  # it has begun anew meanwhile
        if None in answers[: len(batch.entries)] or (batch.due and not answers[-1]):
            self._restart(room)
            return []
        room.exists = True
        for _ in batch.entries:
            lane.unwritten.popleft()
        del lane.unwanted[: len(batch.unwanted)]
        if batch.due:
            room.due = monotonic() + self._refresh
        if not lane.unwritten:
            self._forget_closed(room)
        else:
            self._stir(room)
        return []

    async def _make_sure(self, room: Written) -> None:
        """How far did it get? What Redis has already would be refused, as if by another owner."""
        lane, mine = room.hall.lane, room.hall.room.fence
        try:
            info = await self._redis.xinfo_stream(lane_key(room.hall.room.room_id))
        except ResponseError as refused:
            if "no such key" not in str(refused):
                raise
            if room.exists:
                self._restart(room)
        else:
            top = offset_of(info["last-generated-id"])
            while top >> SEQ_BITS == mine and lane.unwritten and lane.unwritten[0].offset <= top:
                lane.unwritten.popleft()
        room.unsure = False

    def _restart(self, room: Written) -> None:
        """Redis has forgotten the stream. Who resumes from before it is told so."""
        log.warning("a lane has gone from Redis", room=str(room.hall.room.room_id))
        self.restarts += 1
        room.exists = False
        if room.closing:
            self._forget_closed(room)
        else:
            room.hall.begin()

    def _forget_closed(self, room: Written) -> None:
        if room.closing and self._rooms.get(room.hall.room.room_id) is room:
            del self._rooms[room.hall.room.room_id]
