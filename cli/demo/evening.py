"""What is known of the evening while it goes on; the guests write it, the board shows it."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

REMEMBERED = 1000  # happenings


class Happening(NamedTuple):
    """Something in words. Whatever is part of the story matters more than what guests do among themselves."""

    words: str
    story: bool


@dataclass
class Floor:
    """One room as the demo sees it."""

    room_id: UUID
    name: str
    theme: str
    guests: int = 0  # of ours, with an open socket
    said: str = ""  # the last words
    is_public: bool = True


@dataclass
class Evening:
    """Tallies of one run."""

    floors: dict[UUID, Floor]
    guests: int  # how many are expected
    signed_in: int = 0
    gone: int = 0  # guests who got through their evening, and home
    visitors: set[UUID] = field(default_factory=set)  # whoever was in a room
    moves: int = 0  # transforms sent
    seen: int = 0  # other people's positions received
    words: int = 0  # chat messages sent
    names: dict[UUID, str] = field(default_factory=dict)  # of everybody of ours who came
    troubles: Counter[str] = field(default_factory=Counter)  # what went wrong, by kind; a guest tries again
    happenings: deque[Happening] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    listeners: list[Callable[[Happening], None]] = field(default_factory=list)

    @property
    def inside(self) -> int:
        """Guests with an open socket."""
        return sum(floor.guests for floor in self.floors.values())

    def tell(self, words: str, *, story: bool = False) -> None:
        happening = Happening(words, story)
        self.happenings.append(happening)
        for listener in self.listeners:
            listener(happening)

    def comes_in(self, who: UUID | None, room: UUID) -> Floor:
        """Somebody of ours; a room that nobody knew of yet is somebody's table."""
        floor = self.floors.setdefault(room, Floor(room, "a table", "lounge", is_public=False))
        floor.guests += 1
        if who:
            self.visitors.add(who)
        return floor
