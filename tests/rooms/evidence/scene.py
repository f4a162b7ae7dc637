"""One room for a while, told the same way every time."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from libs.eventstore.keys import SubjectKey
from libs.evidence.seal import address_of
from services.rooms.evidence.document import Fact, Kept, Wanted
from services.rooms.evidence.positions import Positions
from services.rooms.realtime import frames, messages
from services.rooms.realtime.frames import HEADROOM

ROOM, REPORT = UUID(int=101), UUID(int=401)
ANN, BOB, CAT = UUID(int=1), UUID(int=2), UUID(int=3)
NINE = 1_770_411_600_000  # epoch milliseconds
KEY = SubjectKey(b"k" * 32).recipient()


def wanted(seconds: float = 0, reported: UUID = BOB, room: UUID = ROOM) -> Wanted:
    at = datetime.fromtimestamp(NINE / 1000 + seconds, UTC)
    return Wanted(REPORT, room, reported, at, address_of(KEY))


def fact(seconds: float, message: Any, *about: UUID) -> Fact:
    told = bytes(messages.encode(message)[HEADROOM:])
    return Fact(message.offset, NINE + int(seconds * 1000), told, about)


def facts() -> list[Fact]:
    """Bob comes in, insults Ann, dances, and leaves; before it, Cat said something long ago."""
    said = datetime.fromtimestamp(NINE / 1000 - 60, UTC)
    first = 7 << 30
    return [
        fact(-300, messages.Said(first + 1, UUID(int=901), CAT, "long ago", said), CAT),
        fact(-90, messages.Joined(first + 2, BOB, 4, 2), BOB),
        fact(-60, messages.Said(first + 3, UUID(int=902), BOB, "nobody likes you — „Ann“ \u2028\x7f", said), BOB),
        fact(-50, messages.Emoted(first + 4, BOB, "dance"), BOB),
        fact(-40, messages.Gifted(first + 5, CAT, ANN, "drink-lager"), CAT, ANN),
        fact(-30, messages.Muted(first + 6, BOB, "room", said), BOB),
        fact(-20, messages.Left(first + 7, BOB, "kicked"), BOB),
        fact(5, messages.Said(first + 8, UUID(int=903), ANN, "after the report", said), ANN),
    ]


def body(x: int, y: int = 0, z: int = 200, yaw: int = 64, animation: int = 3) -> bytes:
    return frames.body(x, y, z, yaw, animation, 5, -5)


def positions() -> Positions:
    """Ann stands, Bob walks from his first second to his last, Cat is away for a while."""
    kept = Positions()
    for second in range(-200, 6):
        people = [(ANN, body(100), False), (CAT, body(700), -70 <= second < -65)]
        if -90 <= second < -20:
            people.append((BOB, body(1000 + second), False))
        kept.take(NINE + second * 1000, people)
    return kept


def kept(since: float = -600) -> Kept:
    begin = NINE - 120_000
    return Kept(NINE + int(since * 1000), facts(), positions().since(begin))
