"""The one rule about who reaches whom. Every surface asks it, and nothing else decides.

    if can_interact(speaker, listener, Surface.CHAT, relation): ...

A block stops everything, both ways, but a report: one may report who blocked one. A mute, one's own or the house's,
stops what is said. A refusal looks like absence, except for what concerns the actor alone (`Verdict.told`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from libs.safety.relation import STRANGERS, Relation, Standing
from libs.safety.surface import Surface


class Verdict(Enum):
    """True where it may reach them; else why not."""

    ALLOWED = "allowed"
    GONE = "gone"  # one of them is no longer there
    BLOCKED = "blocked"  # by one or the other: never say which, nor that
    BARRED = "barred"  # a may not be here
    ABSENT = "absent"  # b may not be here
    SILENCED = "silenced"  # a may not speak here
    MUTED = "muted"  # b does not want to hear a
    STRANGERS = "strangers"  # for friends alone
    LIMITED = "limited"  # a keeps that private

    @property
    def allowed(self) -> bool:
        return self is Verdict.ALLOWED

    @property
    def told(self) -> bool:
        """Whether a may be told: it is about a and the house. All else answers as if b were not there."""
        return self in (Verdict.BARRED, Verdict.SILENCED)

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Terms:
    """What one surface minds, besides that both are still there."""

    blocks: bool = True  # blocks, and bars
    mutes: bool = False
    friends_only: bool = False
    limited_hides_from: Literal["nobody", "strangers", "everybody"] = "nobody"


OPEN: Final = Terms()
SPEECH: Final = Terms(mutes=True)

TERMS: Final[Mapping[Surface, Terms]] = {
    Surface.TRANSFORM: OPEN,
    Surface.JOIN: OPEN,
    Surface.CHAT: SPEECH,
    Surface.EMOTE: SPEECH,
    Surface.VOICE: SPEECH,
    Surface.GIFT: OPEN,
    Surface.ROSTER: OPEN,
    Surface.MEMBER_LIST: OPEN,
    Surface.PRESENCE: Terms(friends_only=True, limited_hides_from="everybody"),
    Surface.CARD: OPEN,
    Surface.CARD_DETAILS: Terms(limited_hides_from="strangers"),
    Surface.SEARCH: Terms(limited_hides_from="strangers"),
    Surface.MATCHMAKING: OPEN,
    Surface.PROFILE_OPEN: OPEN,
    Surface.FRIEND_REQUEST: OPEN,
    Surface.INVITE: OPEN,
    Surface.REPORT: Terms(blocks=False),
}


def can_interact(a: Standing, b: Standing, surface: Surface, relation: Relation = STRANGERS) -> Verdict:
    """May what a does or shows on this surface reach b? `relation` is read from a's side; truth is permission."""
    terms = TERMS[surface]
    if a.gone or b.gone:
        return Verdict.GONE
    if terms.blocks:
        if relation.a_blocks or relation.b_blocks:
            return Verdict.BLOCKED
        if a.barred:
            return Verdict.BARRED
        if b.barred:
            return Verdict.ABSENT
    if terms.mutes:
        if a.muted:
            return Verdict.SILENCED
        if relation.b_mutes:
            return Verdict.MUTED
    if terms.friends_only and not relation.friends:
        return Verdict.STRANGERS
    if a.limited and _hides(terms, relation):
        return Verdict.LIMITED
    return Verdict.ALLOWED


def _hides(terms: Terms, relation: Relation) -> bool:
    match terms.limited_hides_from:
        case "everybody":
            return True
        case "strangers":
            return not relation.friends
        case "nobody":
            return False
