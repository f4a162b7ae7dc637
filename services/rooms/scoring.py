"""How well a room suits somebody, and why. Pure: the same rooms and the same wish always come in the same order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from libs.contracts.vocabulary import Locale, Region, Theme

Reason = Literal["friends_here", "your_region", "your_theme", "your_language", "shared_interests", "lively"]

# Points. A friend is worth a theme and more; a region is how long one's words travel.
REGION: Final = 40
THEME: Final = 30
FIRST_FRIEND: Final = 35
NEXT_FRIEND: Final = 8  # each, up to
FRIENDS: Final = 5
LANGUAGE: Final = 20  # where everybody speaks it
INTERESTS: Final = 15  # where everybody shares one
FILL: Final = 20  # where it is as full as is pleasant
PLEASANT: Final = 60  # per cent of the seats
LIVELY: Final = 20  # per cent, from which it is worth saying


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for, None where they do not mind."""

    region: Region | None = None
    theme: Theme | None = None
    language: Locale | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open public room. Of the people seated there nobody counts who is in a block with whoever asks.

    `friends` would not mind being found there; of `people`, `speakers` share the language, `kindred` an interest.
    """

    room_id: UUID
    theme: Theme
    region: Region
    capacity: int
    occupied: int  # without a seat of one's own
    friends: int = 0
    people: int = 0
    speakers: int = 0
    kindred: int = 0

    @property
    def is_full(self) -> bool:
        return self.occupied >= self.capacity


@dataclass(frozen=True, slots=True)
class Match:
    """A room, its points, and what earned them, the weightiest first."""

    room_id: UUID
    points: int
    reasons: tuple[Reason, ...]


def score(room: Candidate, wish: Wish) -> Match:
    """Never less for one friend more."""
    earned: dict[Reason, int] = {
        "friends_here": _friends(room.friends),
        "your_region": REGION if room.region == wish.region else 0,
        "your_theme": THEME if room.theme == wish.theme else 0,
        "your_language": _share(room.speakers, room.people, LANGUAGE),
        "shared_interests": _share(room.kindred, room.people, INTERESTS),
    }
    fill = 100 * room.occupied // room.capacity
    pleasant = fill if fill <= PLEASANT else (100 - fill) * PLEASANT // (100 - PLEASANT)
    earned["lively"] = FILL * pleasant // PLEASANT
    said = [reason for reason, points in earned.items() if points and (reason != "lively" or fill >= LIVELY)]
    said.sort(key=lambda reason: -earned[reason])
    return Match(room.room_id, sum(earned.values()), tuple(said))


def best(rooms: Iterable[Candidate], wish: Wish) -> Sequence[Match]:
    """Every room with a seat free, the best first; of equals always the same first."""
    matches = [score(room, wish) for room in rooms if not room.is_full]
    return sorted(matches, key=lambda match: (-match.points, match.room_id))


def _friends(count: int) -> int:
    return FIRST_FRIEND + NEXT_FRIEND * (min(count, FRIENDS) - 1) if count else 0


def _share(some: int, everybody: int, points: int) -> int:
    return points * some // everybody if everybody else 0
