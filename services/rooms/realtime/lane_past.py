"""What the owners before have left of a room's lane, read by whoever takes the room over."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog
from msgspec import DecodeError
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from services.rooms.realtime.lane import SEQ_BITS, Entry, first_offset, offset_of, stream_id
from services.rooms.realtime.lane_wire import entry_of, lane_key
from services.rooms.realtime.presence import transforms_key
from services.rooms.realtime.roster import Roster, folded

log = structlog.get_logger(__name__)

PATIENCE: Final = 2.0  # seconds; a room comes up without its past rather than not at all
NOT_GREATER: Final = "equal or smaller"  # as Redis refuses an id


class Overtaken(Exception):
    """A later owner has written to this stream."""


@dataclass(frozen=True)
class Past:
    """`roster` None: nothing that anybody could resume from."""

    reached: int  # the highest offset that counts as told
    exists: bool = False  # the stream does
    roster: Roster | None = None
    entries: list[Entry] = field(default_factory=list)
    bodies: dict[UUID, bytes] = field(default_factory=dict)  # where people stood a moment ago


async def claim(redis: Redis, room_id: UUID, fence: int) -> Past:
    """Shut out every earlier owner, then read what they have left. Raises Overtaken, and what Redis raises.

    The barrier is an entry: the stream takes no smaller id after it, so that nothing can come in behind what is read.
    """
    ours = first_offset(fence)
    async with asyncio.timeout(PATIENCE), redis.pipeline(transaction=False) as pipe:
        pipe.execute_command("XADD", lane_key(room_id), "NOMKSTREAM", stream_id(ours), "owner", fence)
        pipe.xrange(lane_key(room_id))
        pipe.hgetall(transforms_key(room_id))
        barrier, rows, bodies = await pipe.execute(raise_on_error=False)
    for answer in (rows, bodies):
        if isinstance(answer, ResponseError):
            raise answer
    reached = max([offset_of(each) for each, _ in rows], default=0)
    if isinstance(barrier, ResponseError):
        if not is_overtaken(barrier):
            raise barrier
        if reached >> SEQ_BITS != fence:  # else the last owner were we ourselves
            raise Overtaken
    roster, entries = _read(rows)
    return Past(
        reached=max(reached, ours),
        exists=barrier is not None,
        roster=roster,
        entries=entries,
        bodies={UUID(user.decode()): body for user, body in bodies.items()},
    )


def is_overtaken(answer: Any) -> bool:
    """Whether Redis has refused an id because it has a greater one."""
    return isinstance(answer, ResponseError) and NOT_GREATER in str(answer)


def _read(rows: list[tuple[bytes, dict[bytes, bytes]]]) -> tuple[Roster | None, list[Entry]]:
    try:
        return folded(entry_of(each, fields) for each, fields in rows if b"owner" not in fields)
    except (DecodeError, ValueError) as error:  # of another version, perhaps
        log.warning("a lane that cannot be read", error=type(error).__name__)
        return None, []
