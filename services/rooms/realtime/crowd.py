"""Who is at the door: connections by address, and those that have not said hello. No I/O."""

from collections import Counter
from dataclasses import dataclass
from typing import Protocol


class Visitor(Protocol):
    """One connection, from its acceptance on."""

    address: str
    since: float  # accepted at, in seconds of a steady clock

    def turn_away(self) -> None:
        """Close it: it has not said hello in time, or others want its place."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    sockets: int
    address: int
    half_open: int
    address_half_open: int


class Crowd:
    """Counts every connection once, from `enter` to `exit`.

    Silent connections cost nobody their way in: where too many have not said hello, the oldest goes for the newest,
    and one address can hold only a few of those places.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._total = 0
        self._by_address: Counter[str] = Counter()
        self._silent_by_address: Counter[str] = Counter()
        self._silent: dict[Visitor, None] = {}  # in order of arrival

    def __len__(self) -> int:
        return self._total

    @property
    def silent(self) -> int:
        return len(self._silent)

    def enter(self, visitor: Visitor) -> bool:
        """False where there are too many of them: refuse it as soon as it asks for something. Always `exit` it."""
        self._total += 1
        self._by_address[visitor.address] += 1
        self._silent_by_address[visitor.address] += 1
        self._silent[visitor] = None
        if len(self._silent) > self._limits.half_open:
            oldest = next(iter(self._silent))
            self._hush(oldest)
            oldest.turn_away()
        return (
            self._total <= self._limits.sockets
            and self._by_address[visitor.address] <= self._limits.address
            and self._silent_by_address[visitor.address] <= self._limits.address_half_open
        )

    def greeted(self, visitor: Visitor) -> None:
        """It has said hello."""
        if visitor in self._silent:
            self._hush(visitor)

    def exit(self, visitor: Visitor) -> None:
        self.greeted(visitor)
        self._total -= 1
        _less(self._by_address, visitor.address)

    def overdue(self, since: float) -> list[Visitor]:
        """Those who came before `since` and have said nothing; each is named once."""
        late = []
        for visitor in self._silent:
            if visitor.since > since:
                break
            late.append(visitor)
        for visitor in late:
            self._hush(visitor)
        return late

    def _hush(self, visitor: Visitor) -> None:
        del self._silent[visitor]
        _less(self._silent_by_address, visitor.address)


def _less(counter: Counter[str], address: str) -> None:
    counter[address] -= 1
    if counter[address] <= 0:
        del counter[address]
