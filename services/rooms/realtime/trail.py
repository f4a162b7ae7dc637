"""Where people stood, in Redis: `room:{roomId}:positions`, a stream beside the lane: evidence outlives its node.

An id is `<epoch milliseconds>-<fence>`, a value what a Sample holds. Written once a second and never waited for by a
room; what is older than is kept goes with the next write, and the stream of a dead room by itself.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from redis.asyncio import Redis

from services.rooms.evidence.positions import Sample
from services.rooms.realtime.lane import Entry
from services.rooms.realtime.lane_wire import entry_of, lane_key

Command = tuple[Any, ...]

PARTLY: Final = b"part"  # names of the one field of an entry
WHOLE: Final = b"whole"


def positions_key(room: UUID) -> str:
    return f"room:{room}:positions"


def added(room: UUID, fence: int, sample: Sample, seconds: float) -> Iterator[Command]:
    """What to say to Redis of one sample."""
    key, oldest = positions_key(room), sample.at - int(seconds * 1000)
    named = WHOLE if sample.whole else PARTLY
    yield ("XADD", key, "MINID", oldest, f"{sample.at}-{fence}", named, sample.records)
    yield ("EXPIRE", key, int(seconds))


def anew(room: UUID, fence: int, samples: Iterable[Sample], seconds: float) -> Iterator[Command]:
    """What to say of all of them, whatever there was before."""
    yield ("DEL", positions_key(room))
    for sample in samples:
        yield from added(room, fence, sample, seconds)


async def trail(redis: Redis, room: UUID) -> list[Sample]:
    """All there is, oldest first. Raises what Redis raises."""
    rows = await _rows(redis, positions_key(room))
    return [
        Sample(int(id.partition(b"-")[0]), WHOLE in fields, fields.get(WHOLE) or fields.get(PARTLY, b""))
        for id, fields in rows
    ]


async def forget(redis: Redis, room: UUID, user: UUID, seconds: float) -> bool:
    """Somebody has not stood there; True where there was anything to forget. Raises what Redis raises.

    What its owner adds meanwhile stays, and what is older than that goes: it has it in memory, and a room without an
    owner has nobody who adds.
    """
    before = await trail(redis, room)
    after = [sample.without(user) for sample in before]
    if before == after:
        return False
    async with redis.pipeline(transaction=False) as pipe:
        for command in anew(room, 0, after, seconds):
            pipe.execute_command(*command)
        await pipe.execute(raise_on_error=False)
    return True


async def told(redis: Redis, room: UUID) -> list[Entry]:
    """What a room was told by whomever had it, oldest first. Raises what Redis raises."""
    return [entry_of(id, fields) for id, fields in await _rows(redis, lane_key(room)) if b"at" in fields]


async def _rows(redis: Redis, key: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
    rows: Any = await redis.xrange(key)
    return list(rows)
