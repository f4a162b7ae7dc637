"""Slots: the two bytes that stand for a person inside a room's binary frames."""

from collections import deque
from collections.abc import Collection

SLOTS = 1 << 16


class Slots:
    """Gives out the lowest numbers first, and none again before it has rested.

    A frame in flight, or a client that has not read a `leave` yet, would else move the wrong avatar.
    """

    def __init__(self, rest: float = 60.0) -> None:
        self._rest = rest  # seconds
        self._resting: deque[tuple[float, int]] = deque()  # (free again at, slot), oldest first
        self._next = 0

    @property
    def given(self) -> int:
        """All numbers below have been given out."""
        return self._next

    def restore(self, given: int, taken: Collection[int], now: float) -> None:
        """Go on where another one stopped: nobody knows how long the free ones have rested."""
        self._next = given
        self._resting = deque((now + self._rest, slot) for slot in range(given) if slot not in taken)

    def take(self, now: float) -> int:
        """A slot nobody has had for `rest` seconds. Raises LookupError when all 65,536 are taken or resting."""
        if self._resting and self._resting[0][0] <= now:
            return self._resting.popleft()[1]
        if self._next == SLOTS:
            raise LookupError("every slot is taken or resting")
        self._next += 1
        return self._next - 1

    def give_back(self, slot: int, now: float) -> None:
        self._resting.append((now + self._rest, slot))
