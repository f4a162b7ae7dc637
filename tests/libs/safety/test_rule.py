"""Surface x direction x state, written out: who reaches whom. A surface without a row here fails."""

from dataclasses import replace
from itertools import product

import pytest

from libs.safety.relation import GOOD, STRANGERS, Relation, Standing
from libs.safety.rule import Verdict, can_interact
from libs.safety.surface import Surface

FRIENDS = Relation(friends=True)
MUTED, BARRED, LIMITED, GONE = Standing(muted=True), Standing(barred=True), Standing(limited=True), Standing(gone=True)

# One column per state between the two or of one of them, in both directions; `x` does not reach, `+` does.
STATES: dict[str, tuple[Standing, Standing, Relation]] = {
    "strangers": (GOOD, GOOD, STRANGERS),
    "friends": (GOOD, GOOD, FRIENDS),
    "a blocks b": (GOOD, GOOD, Relation(a_blocks=True)),
    "b blocks a": (GOOD, GOOD, Relation(b_blocks=True)),
    "a mutes b": (GOOD, GOOD, replace(FRIENDS, a_mutes=True)),
    "b mutes a": (GOOD, GOOD, replace(FRIENDS, b_mutes=True)),
    "a is muted": (MUTED, GOOD, FRIENDS),
    "b is muted": (GOOD, MUTED, FRIENDS),
    "a is barred": (BARRED, GOOD, FRIENDS),
    "b is barred": (GOOD, BARRED, FRIENDS),
    "a is limited": (LIMITED, GOOD, STRANGERS),
    "a is a limited friend": (LIMITED, GOOD, FRIENDS),
    "b is limited": (GOOD, LIMITED, STRANGERS),
    "a is gone": (GONE, GOOD, FRIENDS),
    "b is gone": (GOOD, GONE, FRIENDS),
}
#                         s f  blocks mutes muted barred limited gone
#                         t r  a b    a b   a b   a b    a f b   a b
TABLE = {
    Surface.TRANSFORM:    "+ + | x x | + + | + + | x x | + + + | x x",
    Surface.JOIN:         "+ + | x x | + + | + + | x x | + + + | x x",
    Surface.CHAT:         "+ + | x x | + x | x + | x x | + + + | x x",
    Surface.EMOTE:        "+ + | x x | + x | x + | x x | + + + | x x",
    Surface.VOICE:        "+ + | x x | + x | x + | x x | + + + | x x",
    Surface.GIFT:         "+ + | x x | + + | + + | x x | + + + | x x",
    Surface.ROSTER:       "+ + | x x | + + | + + | x x | + + + | x x",
    Surface.MEMBER_LIST:  "+ + | x x | + + | + + | x x | + + + | x x",
    Surface.PRESENCE:     "x + | x x | + + | + + | x x | x x x | x x",
    Surface.CARD:         "+ + | x x | + + | + + | x x | + + + | x x",
    Surface.CARD_DETAILS: "+ + | x x | + + | + + | x x | x + + | x x",
    Surface.SEARCH:       "+ + | x x | + + | + + | x x | x + + | x x",
    Surface.MATCHMAKING:  "+ + | x x | + + | + + | x x | + + + | x x",
    Surface.PROFILE_OPEN: "+ + | x x | + + | + + | x x | + + + | x x",
    Surface.FRIEND_REQUEST: "+ + | x x | + + | + + | x x | + + + | x x",
    Surface.INVITE:       "+ + | x x | + + | + + | x x | + + + | x x",
    Surface.REPORT:       "+ + | + + | + + | + + | + + | + + + | x x",
}  # fmt: skip
TOLD = {Verdict.BARRED, Verdict.SILENCED}


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize(("column", "state"), list(enumerate(STATES)), ids=lambda it: str(it))
def test_who_reaches_whom(surface: Surface, column: int, state: str) -> None:
    assert surface in TABLE, "a new surface needs a row"
    row = TABLE[surface].replace("|", " ").split()
    assert len(row) == len(STATES)
    verdict = can_interact(*STATES[state][:2], surface, STATES[state][2])
    assert (verdict.allowed, bool(verdict)) == ((True, True) if row[column] == "+" else (False, False)), verdict


def test_the_table_speaks_of_no_surface_that_is_not_there() -> None:
    assert TABLE.keys() == set(Surface)


EVERY_STANDING = [Standing(*flags) for flags in product((False, True), repeat=4)]
EVERY_RELATION = [Relation(*flags) for flags in product((False, True), repeat=5)]


@pytest.mark.parametrize("surface", [each for each in Surface if each is not Surface.REPORT])
def test_a_block_stops_everything_both_ways_whatever_else_is_so(surface: Surface) -> None:
    for a, b, relation in product(EVERY_STANDING, EVERY_STANDING, EVERY_RELATION):
        if relation.blocked:
            assert not can_interact(a, b, surface, relation)
            assert not can_interact(b, a, surface, relation.turned())


def test_whoever_is_there_may_be_reported_by_whoever_is_there() -> None:
    for a, b, relation in product(EVERY_STANDING, EVERY_STANDING, EVERY_RELATION):
        assert can_interact(a, b, Surface.REPORT, relation).allowed == (not a.gone and not b.gone)


@pytest.mark.parametrize("surface", Surface)
def test_nobody_is_told_what_another_has_decided(surface: Surface) -> None:
    """The other's part in the relation and the other's standing never change what is told."""
    for a, b, relation in product(EVERY_STANDING, EVERY_STANDING, EVERY_RELATION):
        verdict = can_interact(a, b, surface, relation)
        if verdict.told:
            assert verdict in TOLD
            assert not can_interact(a, GOOD, surface, FRIENDS), "it was about a alone"


def test_a_relation_turned_twice_is_itself() -> None:
    assert all(each.turned().turned() == each for each in EVERY_RELATION)
    assert Relation(a_blocks=True, b_mutes=True).turned() == Relation(b_blocks=True, a_mutes=True)
