"""Who is at the door: connections by address, and those that have not said hello. No I/O."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_network
from typing import Final, Protocol

PREFIX: Final = 64  # bits: who has one IPv6 address has all that share them


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
    and one address, of IPv6 one network, can hold only a few of those places.
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
        home = home_of(visitor.address)
        self._total += 1
        self._by_address[home] += 1
        self._silent_by_address[home] += 1
        self._silent[visitor] = None
        if len(self._silent) > self._limits.half_open:
            oldest = next(iter(self._silent))
            self._hush(oldest)
            oldest.turn_away()
        return (
            self._total <= self._limits.sockets
            and self._by_address[home] <= self._limits.address
            and self._silent_by_address[home] <= self._limits.address_half_open
        )

    def greeted(self, visitor: Visitor) -> None:
        """It has said hello."""
        if visitor in self._silent:
            self._hush(visitor)

    def exit(self, visitor: Visitor) -> None:
        self.greeted(visitor)
        self._total -= 1
        _less(self._by_address, home_of(visitor.address))

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
        _less(self._silent_by_address, home_of(visitor.address))


@lru_cache(maxsize=4096)
def home_of(address: str) -> str:
    """Whose connections count together; what is no address, as a proxy may say, counts by itself."""
    if ":" not in address:
        return address
    try:
        known = IPv6Address(address)
    except ValueError:
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ip_network((int(known), PREFIX), strict=False))


def _less(counter: Counter[str], address: str) -> None:
    counter[address] -= 1
    if counter[address] <= 0:
        del counter[address]
