"""The document that is sealed: what happened in a room before a report, in ids and in the words that were said. Pure.

docs/evidence.md says what each field is. The same facts come to the same bytes, whoever has kept them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import sleep
from typing import Any, Final
from uuid import UUID

import orjson

from libs.evidence.canonical import canonical, digest, part
from services.rooms.evidence.positions import AWAY, RECORD, Sample

FORMAT: Final = "virtubar.evidence.1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody reported somebody who was in this room; `key` is what to seal to."""

    report_id: UUID
    room_id: UUID
    reported: UUID
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Due:
    """What a node should seal. `fence`: of the room, which is its own; None: the room has no live owner."""

    wanted: Wanted
    fence: int | None


@dataclass(frozen=True, slots=True)
class Fact:
    """What the room was told, at `at` (epoch milliseconds), about whom. `told` is JSON."""

    offset: int
    at: int
    told: bytes
    about: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is still known; `since` (epoch milliseconds): nothing is missing from there on."""

    since: int
    facts: Sequence[Fact]
    samples: Sequence[Sample]  # the first may be older, and whole


@dataclass(frozen=True, slots=True)
class Document:
    """`begins` is where what is known begins."""

    data: bytes
    sha256: str
    begins: datetime


def written(wanted: Wanted, kept: Kept, seconds: float) -> Document | None:
    """The `seconds` before the report, or as much of them as is known; None where the person was not seen in them."""
    to = _millis(wanted.at)
    asked = to - int(seconds * 1000)
    begins = min(max(asked, kept.since), to)
    facts = [fact for fact in kept.facts if begins <= fact.at <= to]
    samples = _from(kept.samples, begins, to)
    seen = {user for fact in facts for user in fact.about} | {UUID(bytes=who) for who in _who(samples)}
    if wanted.reported not in seen:
        return None
    people = sorted(seen)
    place = {user.bytes: n for n, user in enumerate(people)}
    data = canonical(
        {
            "format": FORMAT,
            "report_id": str(wanted.report_id),
            "room_id": str(wanted.room_id),
            "reported_user_id": str(wanted.reported),
            "from": begins,
            "to": to,
            "asked_from": asked,
            "complete": begins == asked,
            "people": [str(user) for user in people],
            "facts": [{"at": fact.at, "told": orjson.loads(fact.told)} for fact in facts],
            "positions": [_positions(sample, place) for sample in samples],
        }
    )
    return Document(data, digest(data), datetime.fromtimestamp(begins / 1000, UTC))


def _from(samples: Iterable[Sample], begins: int, to: int) -> list[Sample]:
    """First where everybody stood when it begins, as far as that is known; then who moved."""
    here: dict[bytes, bytes] = {}
    known = False
    later: list[Sample] = []
    for sample in samples:
        if sample.at > begins:
            if sample.at <= to:
                later.append(sample)
        else:
            known = known or sample.whole
            here = {**({} if sample.whole else here), **dict(sample.people())}
    return [Sample(begins, True, b"".join(here.values())), *later] if known else later


def _who(samples: Iterable[Sample]) -> set[bytes]:
    return {who for sample in samples for who, _ in sample.people()}


def _positions(sample: Sample, place: Mapping[bytes, int]) -> Any:
    sleep(0)  # a room of a thousand takes a while: whoever waits for the interpreter is let in
    people = [
        [place[who], x, y, z, yaw, animation, flags & AWAY]
        for who, flags, x, y, z, yaw, animation, _, _ in RECORD.iter_unpack(sample.records)
    ]
    return part({"at": sample.at, "whole": sample.whole, "people": sorted(people)})


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
