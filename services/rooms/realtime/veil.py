"""Who of one room is kept from whom: worked out when people come or fall out, not whenever somebody moves or speaks."""

from collections.abc import Callable, Iterable, Set
from typing import Final, NamedTuple
from uuid import UUID

from libs.safety.relation import GOOD, STRANGERS, Relation
from libs.safety.rule import can_interact
from libs.safety.surface import Surface

NOBODY: Final[Set[UUID]] = frozenset()
Relations = Callable[[UUID, UUID], Relation]
"""What stands between two people, read from the first one's side."""


class Sight(NamedTuple):
    """Whom `viewer` sees or no longer sees."""

    viewer: UUID
    seen: UUID
    shown: bool


def strangers(_: UUID, __: UUID) -> Relation:
    """Where nothing is known of anybody."""
    return STRANGERS


class Veil:
    """Empty, and asked nothing, in a room where nobody minds anybody."""

    def __init__(self, relations: Relations = strangers) -> None:
        self._relations = relations
        self._strained: dict[UUID, dict[UUID, Relation]] = {}  # by person: whom a block or mute stands between, here
        self._hidden: dict[UUID, set[UUID]] = {}  # by viewer: who is not shown to them
        self.version = 0  # grows whenever who is hidden from whom changes

    def hidden_from(self, viewer: UUID) -> Set[UUID]:
        return self._hidden.get(viewer, NOBODY)

    def deaf(self, surface: Surface, *about: UUID) -> Set[UUID]:
        """Whom here it must not reach, what these people do on this surface."""
        if not self._strained:
            return NOBODY
        return {
            other
            for actor in about
            for other, relation in self._strained.get(actor, {}).items()
            if not can_interact(GOOD, GOOD, surface, relation)
        }

    def reaches(self, actor: UUID, other: UUID, surface: Surface) -> bool:
        """Whether what one does reaches the other."""
        relation = self._strained.get(actor, {}).get(other, STRANGERS)
        return bool(can_interact(GOOD, GOOD, surface, relation))

    def permits(self, viewer: UUID, surface: Surface, about: Iterable[UUID]) -> bool:
        """Whether what these people did on this surface may reach the viewer now, be they here or not."""
        return all(
            actor == viewer or can_interact(GOOD, GOOD, surface, self._relations(actor, viewer)) for actor in about
        )

    def pairs(self) -> list[tuple[UUID, UUID]]:
        """(viewer, seen) of all who are hidden."""
        return [(viewer, seen) for viewer, hidden in self._hidden.items() for seen in hidden]

    def restore(self, pairs: Iterable[tuple[UUID, UUID]]) -> None:
        """Who has been hidden from whom so far; `settle` says what has changed."""
        for viewer, seen in pairs:
            self._hidden.setdefault(viewer, set()).add(seen)
        self.version += 1

    def enter(self, user: UUID, others: Iterable[UUID]) -> None:
        """Somebody comes into a room where these people are."""
        for other in others:
            if other != user:
                self.settle(user, other)

    def leave(self, user: UUID) -> None:
        self.version += user in self._hidden
        for known in (self._strained, self._hidden):
            for other in known.pop(user, ()):
                _without(known, other, user)

    def settle(self, one: UUID, other: UUID) -> list[Sight]:
        """Look again at two people who are both here: what changes for either."""
        return [*self._look(one, other), *self._look(other, one)]

    def _look(self, viewer: UUID, seen: UUID) -> list[Sight]:
        relation = self._relations(seen, viewer)
        if relation.blocked or relation.a_mutes or relation.b_mutes:
            self._strained.setdefault(seen, {})[viewer] = relation
        else:
            _without(self._strained, seen, viewer)
        shown = bool(can_interact(GOOD, GOOD, Surface.ROSTER, relation))
        if shown == (seen not in self.hidden_from(viewer)):
            return []
        self.version += 1
        if shown:
            _without(self._hidden, viewer, seen)
        else:
            self._hidden.setdefault(viewer, set()).add(seen)
        return [Sight(viewer, seen, shown)]


def _without(known: "dict[UUID, set[UUID]] | dict[UUID, dict[UUID, Relation]]", key: UUID, other: UUID) -> None:
    """Forget one of somebody's others, and the key with the last of them."""
    if (others := known.get(key)) is None:
        return
    if isinstance(others, set):
        others.discard(other)
    else:
        others.pop(other, None)
    if not others:
        del known[key]
