"""What the sampled viewers saw, read after the run: whose move, made when, seen when."""

import asyncio
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Any, Final, NamedTuple

from bench.rooms.guest import Guest
from bench.rooms.node import FOLDER, node
from bench.rooms.walk import UNIT, moment

WITHIN: Final = UNIT  # a move that nobody saw within a second, nor a newer one, did not reach them
KEYFRAME: Final = 1
_HEAD: Final = Struct("<BBHI")
_RECORD: Final = Struct("<HHhHBBH")


class Seen(NamedTuple):
    who: Any
    stamp: int


Frames = list[tuple[int, list[Seen]]]
"""When each came, and what was in it."""


@dataclass
class Sample:
    """Of all viewers together. `updates` are moves of others that were new to the viewer, `units` as guests count."""

    units: int = 0
    updates: int = 0
    took: list[float] = field(default_factory=list)  # seconds from a move to its being seen, or a newer one
    expected: int = 0
    reached: int = 0

    @property
    def reach(self) -> float:
        return self.reached / self.expected if self.expected else 0.0

    def take(self, viewer: Guest, frames: Frames, others: Sequence[Guest], since: int, until: int) -> None:
        """What one viewer saw of the others between two moments; moves count until a second before the end."""
        seen: dict[Any, list[tuple[int, int]]] = {}  # by whom: (made, seen)
        for came, records in frames:
            if not since <= came <= until:
                continue
            for who, stamp in records:
                made, before = moment(stamp, came), seen.setdefault(who, [])
                if made >= since and (not before or made > before[-1][0]):
                    before.append((made, came))
                    self.updates += who != viewer.name
        for other in others:
            if other is not viewer:
                self._reach(other.made, seen.get(other.name, []), until - WITHIN)

    def _reach(self, made: Iterable[int], seen: Sequence[tuple[int, int]], until: int) -> None:
        for at in made:
            if at > until:
                return
            self.expected += 1
            n = bisect_left(seen, (at, 0))
            if n < len(seen) and seen[n][1] - at <= WITHIN:
                self.reached += 1
                self.took.append((seen[n][1] - at) / UNIT)


def ours(viewers: Sequence[Guest]) -> list[Frames]:
    return [list(_read(viewer.sample or ())) for viewer in viewers]


def _read(frames: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, list[Seen]]]:
    for came, frame in frames:
        kind, _, count, _ = _HEAD.unpack_from(frame)
        if kind == 2:
            records = _RECORD.iter_unpack(frame[_HEAD.size : _HEAD.size + count * _RECORD.size])
            yield came, [Seen(slot, stamp) for slot, _, _, _, _, _, stamp in records]


async def colyseus(viewers: Sequence[Guest]) -> list[Frames]:
    """By Colyseus' own decoder, from each viewer's first frame on: a patch means nothing without those before it."""
    kept = [(n, came, frame) for n, viewer in enumerate(viewers) for came, frame in viewer.sample or ()]
    fed = b"".join(n.to_bytes(4, "little") + len(frame).to_bytes(4, "little") + frame for n, _, frame in kept)
    reading = await asyncio.create_subprocess_exec(
        node(), "decode.mjs", cwd=FOLDER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await reading.communicate(fed)
    read: list[Frames] = [[] for _ in viewers]
    for (n, came, _), line in zip(kept, told.splitlines(), strict=True):
        records = [Seen(session, (vx & 0xFF) | (vz & 0xFF) << 8) for session, vx, vz in json.loads(line)]
        read[n].append((came, records))
    return read
