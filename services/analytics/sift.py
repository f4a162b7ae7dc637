"""Which rows are new. Pure: what the lake holds comes in as marks, what it should hold next goes out as marks.

Kafka's records are numbered, so those below the next offset have landed before. A relay that starts over repeats
events under new offsets: within one partition and producer positions only grow, so a row that does not grow is a
suspect, and whether its event has landed is looked up. Positions are compared across timelines: after a restore a
producer uses them again, for old events and for new ones.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from services.analytics.rows import Row


class Slice(NamedTuple):
    """What was read of one partition: rows in offset order, and where reading goes on (bad records were set aside)."""

    topic: str
    partition: int
    rows: Sequence[Row]
    next_offset: int


@dataclass(frozen=True, slots=True)
class Marks:
    """How far one partition has landed: the next offset, and each producer's highest position."""

    next_offset: int
    highest: Mapping[str, int]


class Sifted(NamedTuple):
    """A slice's rows: `fresh` are new, `suspects` are new unless their event is there already."""

    fresh: list[Row]
    suspects: list[Row]
    marks: Marks


def origin_of(source: str) -> str:
    """The producer whichever its timeline: `/virtubar/local/rooms/2` -> `/virtubar/local/rooms`."""
    return source.rpartition("/")[0]


def sift(read: Slice, landed: Marks) -> Sifted:
    """Sort a slice by what has landed of its partition."""
    fresh: list[Row] = []
    suspects: list[Row] = []
    offset, highest = landed.next_offset, dict(landed.highest)
    for row in read.rows:
        if row.offset < offset:
            continue
        offset, origin = row.offset + 1, origin_of(row.source)
        if row.position > highest.get(origin, -1):
            highest[origin] = row.position
            fresh.append(row)
        else:
            suspects.append(row)
    return Sifted(fresh, suspects, Marks(max(offset, read.next_offset), highest))


def acquit(sifted: Sifted, there: Set[str]) -> list[Row]:
    """The suspects whose event is neither `there`, in the lake, nor in this very batch."""
    if not sifted.suspects:
        return []
    seen = {row.event_id for row in sifted.fresh}.union(there)
    acquitted: list[Row] = []
    for row in sifted.suspects:
        if row.event_id not in seen:
            seen.add(row.event_id)
            acquitted.append(row)
    return acquitted
