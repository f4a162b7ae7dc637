"""What stands between two people, and how each of them stands with the house."""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Relation:
    """Between a, who acts, and b: read it from a's side."""

    a_blocks: bool = False
    b_blocks: bool = False
    a_mutes: bool = False
    b_mutes: bool = False
    friends: bool = False

    @property
    def blocked(self) -> bool:
        """Whoever did it: the two no longer exist for each other."""
        return self.a_blocks or self.b_blocks

    def turned(self) -> "Relation":
        """The same, read from b's side."""
        return replace(self, a_blocks=self.b_blocks, b_blocks=self.a_blocks, a_mutes=self.b_mutes, b_mutes=self.a_mutes)


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one person, here and now: in a room its own bans and mutes count, elsewhere the house's alone."""

    muted: bool = False  # by a sanction, or in this room
    barred: bool = False  # banned, suspended, or banned from this room
    limited: bool = False  # privacy_level `limited`
    gone: bool = False  # erased, or never there


STRANGERS: Final = Relation()
GOOD: Final = Standing()
