"""The offline checker: what was committed against what was told, by nothing but the two histories.

Every fault test hands its histories over here, and so does its control, which must be found out.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Fact:
    """An event as the log has it, and where it was told: a topic's partition, or one place for a bare reader."""

    id: UUID
    stream_id: str
    version: int
    pos: int
    place: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything wrong; `repeated` counts tellings beyond the first, which are allowed but never without bound."""

    lost: frozenset[UUID]
    invented: frozenset[UUID]
    reordered: tuple[UUID, ...]
    repeated: int

    @property
    def clean(self) -> bool:
        return not (self.lost or self.invented or self.reordered)

    def __str__(self) -> str:
        return (
            f"lost {len(self.lost)}, invented {len(self.invented)}, reordered {len(self.reordered)}, "
            f"repeated {self.repeated}"
        )


def verdict(committed: Iterable[Fact], told: Sequence[Fact]) -> Verdict:
    """`told` as it was read: in each place, first tellings must ascend by position, and in each stream by version."""
    wanted = {fact.id for fact in committed}
    counts = Counter(fact.id for fact in told)
    firsts = {fact.id: fact for fact in reversed(told)}
    reordered: list[UUID] = []
    reached: dict[tuple[str, str], int] = {}
    for fact in dict.fromkeys(firsts[f.id] for f in told):
        for scale, height in (((fact.place, "pos"), fact.pos), ((fact.place, fact.stream_id), fact.version)):
            if height <= reached.get(scale, 0):
                reordered.append(fact.id)
            reached[scale] = max(height, reached.get(scale, 0))
    return Verdict(
        lost=frozenset(wanted - counts.keys()),
        invented=frozenset(counts.keys() - wanted),
        reordered=tuple(reordered),
        repeated=sum(counts.values()) - len(counts),
    )


def overfull(log: Iterable[int], capacity: int) -> int:
    """How many prefixes of a room's log hold more than its capacity, or fewer than none. Steps: +1 came, -1 went."""
    wrong = inside = 0
    for step in log:
        inside += step
        wrong += not 0 <= inside <= capacity
    return wrong
