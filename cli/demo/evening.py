"""What is known of the evening while it goes on; the guests write it, the board shows it."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID


@dataclass
class Floor:
    """One room as the demo sees it."""

    room_id: UUID
    name: str
    theme: str
    guests: int = 0  # of ours, with an open socket
    said: str = ""  # the last words


@dataclass
class Evening:
    """Tallies of one run."""

    floors: dict[UUID, Floor]
    guests: int  # how many are expected
    signed_in: int = 0
    gone: int = 0
    moves: int = 0  # transforms sent
    seen: int = 0  # other people's positions received
    words: int = 0  # chat messages sent
    troubles: Counter[str] = field(default_factory=Counter)  # what went wrong, by kind; a guest tries again

    @property
    def inside(self) -> int:
        """Guests with an open socket."""
        return sum(floor.guests for floor in self.floors.values())
