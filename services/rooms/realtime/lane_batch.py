"""One room's part of what is written to Redis at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.rooms.realtime.hall import Hall
from services.rooms.realtime.lane import Entry, stream_id
from services.rooms.realtime.lane_wire import fields_of, lane_key


@dataclass(eq=False)
class Written:
    """A room this node writes for."""

    hall: Hall
    exists: bool  # its stream, as far as we know
    unsure: bool = False  # what Redis has taken of the last batch
    closing: bool = False
    due: float = float("-inf")  # when it is trimmed, and kept for longer, the next time


@dataclass(frozen=True)
class Batch:
    room: Written
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
