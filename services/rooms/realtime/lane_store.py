"""Lanes on their way to Redis: behind the room's back, in order, in batches. The room never waits for them.

Ids begin with the owner's fence and the stream refuses those that do not grow: what an owner says late is refused, and
tells it that the room is another's by now. A stream that has gone begins anew, under another epoch.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from time import monotonic, time
from typing import Any, Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from services.rooms.realtime.hall import Hall
from services.rooms.realtime.lane import SEQ_BITS, Entry, first_offset, offset_of, stream_id
from services.rooms.realtime.lane_past import Past, claim, is_overtaken
from services.rooms.realtime.lane_wire import fields_of, lane_key

log = structlog.get_logger(__name__)

PAUSE: Final = 0.005  # seconds, so that others are in the batch too; what a killed node has not written is lost
RETRY: Final = 0.25  # seconds, Redis being away
GLANCE: Final = 0.25  # seconds; whoever resumes waits no longer
BATCH: Final = 500  # entries of one room at a time
REMEMBERED: Final = 10_000  # rooms this node had


@dataclass(eq=False)
class _Room:
    """A room this node writes for."""

    hall: Hall
    exists: bool  # its stream, as far as we know
    unsure: bool = False  # what Redis has taken of the last batch
    closing: bool = False
    due: float = 0.0  # when it is trimmed, and kept for longer, the next time


@dataclass(frozen=True)
class _Batch:
    room: _Room
    entries: list[Entry]
    unwanted: list[int]
    due: bool
    generation: int

    def commands(self, seconds: int) -> Iterator[tuple[Any, ...]]:
        key = lane_key(self.room.hall.room.room_id)
        for entry in self.entries:
            create = () if entry.fresh else ("NOMKSTREAM",)
            yield ("XADD", key, *create, stream_id(entry.offset), *fields_of(entry))
        if self.unwanted:
            yield ("XDEL", key, *map(stream_id, self.unwanted))
        if self.due:
            yield ("XTRIM", key, "MINID", stream_id(self.room.hall.lane.oldest))
            yield ("EXPIRE", key, seconds)


class LaneStore:
    """The lanes of one node's rooms. `lose(room_id)` is called where a room turns out to be another node's."""

    def __init__(self, redis: Redis, seconds: float, refresh: float, lose: Callable[[UUID], None]) -> None:
        """A stream is kept for `seconds` after its room was last held; that is looked after every `refresh` seconds."""
        self._redis = redis
        self._seconds = int(seconds)
        self._refresh = refresh
        self._lose = lose
        self._rooms: dict[UUID, _Room] = {}
        self._reached: OrderedDict[UUID, int] = OrderedDict()
        self._stirred = asyncio.Event()
        self._writing = asyncio.Lock()
        self.failures = 0
        self.restarts = 0  # streams that were gone

    def opened(self, hall: Hall, *, exists: bool) -> None:
        """From here on what the room is told is written; `exists`: its stream does."""
        self._rooms[hall.room.room_id] = _Room(hall, exists)
        hall.lane.stir = self._stirred.set
        self._stirred.set()

    def closed(self, hall: Hall) -> None:
        """What was told is written still, unless somebody else has the room by then."""
        room = self._rooms.get(hall.room.room_id)
        if room is None or room.hall is not hall:
            return
        room.closing, room.due = True, 0.0
        self._reached[hall.room.room_id] = hall.room.offset
        if len(self._reached) > REMEMBERED:
            self._reached.popitem(last=False)
        self._stirred.set()

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

    async def flush(self) -> bool:
        """Write what there is. False where Redis did not take it."""
        async with self._writing:
            batches: list[_Batch] = []
            try:
                for room in [room for room in self._rooms.values() if room.unsure]:
                    await self._make_sure(room)
                batches = list(self._batches(monotonic()))
                await self._write(batches)
            except (RedisError, OSError) as error:
                self.failures += 1
                for batch in batches:
                    batch.room.unsure = True
                    self._forget_closed(batch.room)
                log.warning("lanes not written", error=type(error).__name__, rooms=len(batches))
                return False
            return True

    def _batches(self, now: float) -> Iterator[_Batch]:
        for room in list(self._rooms.values()):
            lane, due = room.hall.lane, now >= room.due
            if due and not room.closing:
                lane.prune(int(time() * 1000))
                if not lane.marked:
                    room.hall.mark()
            due = due and len(lane.unwritten) <= BATCH  # never trimmed up to a checkpoint that is not there yet
            if due or lane.unwritten or lane.unwanted:
                entries = list(islice(lane.unwritten, BATCH))
                yield _Batch(room, entries, lane.unwanted[:BATCH], due, lane.generation)

    async def _write(self, batches: list[_Batch]) -> None:
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

    def _took(self, batch: _Batch, answers: list[Any]) -> list[Exception]:
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
            self._stirred.set()
        return []

    async def _make_sure(self, room: _Room) -> None:
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

    def _restart(self, room: _Room) -> None:
        """Redis has forgotten the stream. Who resumes from before it is told so."""
        log.warning("a lane has gone from Redis", room=str(room.hall.room.room_id))
        self.restarts += 1
        room.exists = False
        if room.closing:
            self._rooms.pop(room.hall.room.room_id, None)
        else:
            room.hall.begin()
            self._stirred.set()

    def _forget_closed(self, room: _Room) -> None:
        if room.closing and self._rooms.get(room.hall.room.room_id) is room:
            del self._rooms[room.hall.room.room_id]
