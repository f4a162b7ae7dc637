"""What a service hears of two people, folded: whatever order it comes in and however often, the same comes of it.

The facts of a pair are ordered in social's stream `pair-{low}-{high}`, but they arrive by several topics and under
two keys. So each flag remembers the place in that stream of what set it last, and nothing older touches it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.social import BlockUser, FriendAccept, FriendRemove, MuteUser, UnblockUser, UnmuteUser
from libs.safety.relation import Relation

Flag = Literal["low_blocks", "high_blocks", "low_mutes", "high_mutes", "friends"]
FLAGS: Final[tuple[Flag, ...]] = ("low_blocks", "high_blocks", "low_mutes", "high_mutes", "friends")

PAIR_EVENTS: Final[tuple[type[Event], ...]] = (BlockUser, UnblockUser, MuteUser, UnmuteUser, FriendAccept, FriendRemove)
"""What changes a flag; a service may listen to fewer."""
NAMES: Final = frozenset(event.NAME for event in PAIR_EVENTS)

TIMELINE: Final = 1 << 32  # longer than any stream


@dataclass(frozen=True, slots=True)
class Change:
    """What one event says of a pair."""

    low: UUID
    high: UUID
    place: int  # in the pair's stream; grows, across timelines too
    flags: Mapping[Flag, bool]


@dataclass(frozen=True, slots=True)
class Pair:
    """Who has which flag, and for each the place of what set it."""

    flags: Mapping[Flag, bool] = field(default_factory=lambda: dict.fromkeys(FLAGS, False))
    places: Mapping[Flag, int] = field(default_factory=lambda: dict.fromkeys(FLAGS, 0))

    def after(self, change: Change) -> "Pair":
        """What is newer takes; what is older, or the same once more, leaves it as it is."""
        newer = {flag: said for flag, said in change.flags.items() if change.place > self.places[flag]}
        return replace(
            self, flags={**self.flags, **newer}, places={**self.places, **dict.fromkeys(newer, change.place)}
        )

    def seen_by(self, low: bool) -> Relation:
        """From the side of the lower id, or of the higher."""
        relation = relation_of(self.flags)
        return relation if low else relation.turned()


def relation_of(flags: Mapping[Flag, bool]) -> Relation:
    """From the side of the lower id."""
    return Relation(
        a_blocks=flags["low_blocks"],
        b_blocks=flags["high_blocks"],
        a_mutes=flags["low_mutes"],
        b_mutes=flags["high_mutes"],
        friends=flags["friends"],
    )


def ordered(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Low and high, as in the stream's name and as PostgreSQL orders them."""
    return (one, other) if one.int < other.int else (other, one)


def pair_stream(one: UUID, other: UUID) -> str:
    """The same whoever acts."""
    low, high = ordered(one, other)
    return f"pair-{low}-{high}"


def change_of(envelope: Envelope) -> Change | None:
    """None for what changes no flag. Raises ContractError."""
    return change(envelope.event(), place_of(envelope)) if envelope.name in NAMES else None


def place_of(envelope: Envelope) -> int:
    """After a restore social uses versions of its streams again, under the next timeline: that one counts first."""
    return int(envelope.source.rsplit("/", 1)[1]) * TIMELINE + envelope.stream_version


def change(event: Event, place: int) -> Change | None:
    match event:
        case BlockUser(blocker_user_id=one, blocked_user_id=other):
            return _change(one, other, place, "blocks", True)
        case UnblockUser(blocker_user_id=one, blocked_user_id=other):
            return _change(one, other, place, "blocks", False)
        case MuteUser(muter_user_id=one, muted_user_id=other):
            return _change(one, other, place, "mutes", True)
        case UnmuteUser(muter_user_id=one, muted_user_id=other):
            return _change(one, other, place, "mutes", False)
        case FriendAccept(user_id=one, friend_user_id=other):
            return Change(*ordered(one, other), place, {"friends": True})
        case FriendRemove(user_id=one, friend_user_id=other):
            return Change(*ordered(one, other), place, {"friends": False})
        case _:
            return None


def _change(one: UUID, other: UUID, place: int, does: Literal["blocks", "mutes"], said: bool) -> Change:
    low, high = ordered(one, other)
    flags: dict[Flag, bool]
    if does == "blocks":
        flags = {"low_blocks" if one == low else "high_blocks": said}
        if said:
            flags["friends"] = False  # before the friend_remove of the same moment has come by its own topic
    else:
        flags = {"low_mutes" if one == low else "high_mutes": said}
    return Change(low, high, place, flags)
