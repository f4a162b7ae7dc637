"""Whom people in one room see and hear: surface by surface, both ways, and after any evening whatsoever."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.safety.relation import STRANGERS, Relation
from libs.safety.surface import Surface
from services.rooms.realtime.messages import Said
from services.rooms.realtime.veil import Veil
from tests.rooms.realtime.views import Floor, block, mute, now, unblock, unmute

ANN, BOB, CEM, DEE = (UUID(int=n) for n in range(1, 5))
FOUR = (ANN, BOB, CEM, DEE)

# The table: by surface, what Ann does, and how Bob would know of it


def walks(floor: Floor) -> None:
    floor.walk(ANN, dx=40)
    floor.tick()


def goes_and_comes(floor: Floor) -> None:
    floor.hide(ANN)
    floor.back(ANN)
    floor.go(ANN)
    floor.come(ANN)


def looked_at(floor: Floor) -> None:
    floor.come(BOB)  # on a new socket: a snapshot


def says(surface: Surface) -> Callable[[Floor], None]:
    """Whatever is told of Ann on a surface: emotes, gifts and signals go the way of chat."""

    def does(floor: Floor) -> None:
        floor.hall.tell(Said(floor.room.offset + 1, uuid4(), ANN, "psst", now()), surface, ANN)
        if surface is Surface.VOICE:
            assert floor.hall.veil.reaches(ANN, BOB, surface) == ("psst" in floor.views[BOB].said)

    return does


ROWS: dict[Surface, tuple[Callable[[Floor], None], bool]] = {  # what Ann does; whether a mute stops it
    Surface.TRANSFORM: (walks, False),
    Surface.JOIN: (goes_and_comes, False),
    Surface.ROSTER: (looked_at, False),
    Surface.CHAT: (says(Surface.CHAT), True),
    Surface.EMOTE: (says(Surface.EMOTE), True),
    Surface.VOICE: (says(Surface.VOICE), True),
    Surface.GIFT: (says(Surface.GIFT), False),
}
OUT_OF_ROOMS = {
    Surface.MEMBER_LIST, Surface.PRESENCE, Surface.CARD, Surface.CARD_DETAILS, Surface.SEARCH, Surface.MATCHMAKING,
    Surface.PROFILE_OPEN, Surface.FRIEND_REQUEST, Surface.INVITE, Surface.REPORT,
}  # fmt: skip


def test_every_surface_of_a_room_has_a_row() -> None:
    assert ROWS.keys() | OUT_OF_ROOMS == set(Surface)


def known(surface: Surface, *events: Any, open: bool = False) -> bool:
    """Whether Bob knows of what Ann does on this surface, after these events."""
    floor = Floor(open=open)
    for user in (ANN, BOB, CEM):
        floor.come(user)
    floor.tick()
    for event in events:
        floor.hear(event)
    floor.tick()
    for view in floor.views.values():
        view.mentioned.clear()
    ROWS[surface][0](floor)
    assert surface is Surface.ROSTER or ANN in floor.views[CEM].mentioned, "nobody else misses anything"
    return ANN in floor.views[BOB].mentioned


@pytest.mark.parametrize("surface", ROWS)
def test_a_block_hides_everything_both_ways_and_a_mute_what_is_said_one_way(surface: Surface) -> None:
    said = ROWS[surface][1]
    assert known(surface)
    assert not known(surface, block(ANN, BOB))
    assert not known(surface, block(BOB, ANN))
    assert not known(surface, block(BOB, ANN), block(ANN, BOB), unblock(BOB, ANN)), "the other's block stands"
    assert known(surface, block(BOB, ANN), unblock(BOB, ANN))
    assert known(surface, mute(BOB, ANN)) != said
    assert known(surface, mute(ANN, BOB)), "who mutes is heard"
    assert known(surface, mute(BOB, ANN), unmute(BOB, ANN))


@pytest.mark.parametrize("surface", ROWS)
def test_control_without_a_veil_the_table_finds_everything_known(surface: Surface) -> None:
    assert known(surface, block(BOB, ANN), open=True)


# What a block looks like


def test_a_block_looks_like_a_departure_and_its_end_like_an_arrival() -> None:
    floor = Floor()
    ann, bob, cem = floor.come(ANN), floor.come(BOB), floor.come(CEM)
    floor.tick()
    slot = floor.room.members[ANN].slot
    assert slot in bob.in_view
    floor.hear(block(BOB, ANN))
    assert set(bob.roster.people) == {BOB, CEM}
    assert set(ann.roster.people) == {ANN, CEM}
    floor.tick()
    assert slot not in bob.in_view
    assert slot in cem.in_view
    floor.hide(ANN)
    floor.hear(unblock(BOB, ANN))
    assert bob.roster.people[ANN].away, "where they are now, not where they were"
    floor.back(ANN)
    floor.tick()
    assert slot in bob.in_view
    for view in (ann, bob, cem):
        assert view.offsets == sorted(set(view.offsets))


def test_who_is_away_or_gone_is_in_the_hidden_list_as_who_is_blocked_is() -> None:
    floor = Floor()
    bob = floor.come(BOB)
    for user in (ANN, CEM):
        floor.come(user)
    floor.tick()
    gone = {floor.room.members[user].slot for user in (ANN, CEM)}
    assert gone <= bob.in_view
    floor.hide(ANN)
    floor.go(CEM)
    floor.tick()
    assert not gone & bob.in_view


def test_the_bytes_are_shared_by_all_who_see_the_same() -> None:
    floor = Floor()
    frames = {user: floor.come(user).shown for user in FOUR}
    floor.tick()
    floor.hear(block(ANN, BOB))
    floor.tick()
    for kept in frames.values():
        kept.clear()
    floor.walk(CEM)
    floor.tick()
    assert frames[CEM][0] is frames[DEE][0]
    assert bytes(frames[ANN][0]) == bytes(frames[CEM][0]), "who moved is seen by all of them"


def test_a_room_where_nobody_minds_anybody_asks_nobody_anything() -> None:
    asked = []

    def relations(one: UUID, other: UUID) -> Relation:
        asked.append((one, other))
        return STRANGERS

    veil = Veil(relations)
    veil.enter(ANN, FOUR)
    asked.clear()
    assert not veil.hidden_from(ANN)
    assert not veil.deaf(Surface.CHAT, ANN)
    assert not asked


# Any evening

ACTS = st.sampled_from(["in", "out", "away", "back", "walk", "tick", "say", "stall", "read"])
FALLING_OUT = st.sampled_from([block, unblock, mute, unmute])
STEPS = st.one_of(
    st.tuples(st.sampled_from(FOUR), ACTS),
    st.tuples(st.permutations(FOUR).map(lambda four: tuple(four[:2])), FALLING_OUT),
)


@given(st.lists(STEPS, max_size=80))
def test_everybody_sees_and_hears_exactly_whom_they_may(script: list[Any]) -> None:
    floor, blocks, mutes = Floor(), set[tuple[UUID, UUID]](), set[tuple[UUID, UUID]]()
    for number, (who, act) in enumerate(script):
        if callable(act):
            floor.hear(act(*who))
            facts = mutes if act in (mute, unmute) else blocks
            (facts.add if act in (block, mute) else facts.discard)(who)
        else:
            play(floor, who, act, str(number), blocks, mutes)
    for view in floor.views.values():
        view.full = False
    floor.tick()
    floor.tick()
    for user, view in floor.views.items():
        seen = {each for each in floor.room.members if not apart(blocks, user, each)}
        assert set(view.roster.people) == seen
        away = {each for each in seen if floor.room.members[each].away}
        assert {each for each, person in view.roster.people.items() if person.away} == away
        in_view = {floor.room.members[each].slot for each in seen - away - {user}}
        assert view.in_view - {floor.room.members[user].slot} == in_view
        assert view.offsets == sorted(set(view.offsets))


def apart(blocks: set[tuple[UUID, UUID]], one: UUID, other: UUID) -> bool:
    return (one, other) in blocks or (other, one) in blocks


def play(
    floor: Floor, who: UUID, act: str, text: str, blocks: set[tuple[UUID, UUID]], mutes: set[tuple[UUID, UUID]]
) -> None:
    here, member = floor.views, floor.room.members.get(who)
    for view in here.values():
        view.mentioned.clear()
    if act == "in":
        floor.come(who)
    elif act == "tick":
        floor.tick()
    elif member is None:
        return
    elif act == "out":
        floor.go(who)
    elif act == "away" and not member.away:
        floor.hide(who)
    elif act == "back" and member.away:
        floor.back(who)
    elif act == "walk" and not member.away:
        floor.walk(who)
    elif act in ("stall", "read"):
        here[who].full = act == "stall"
    elif act == "say":
        floor.hall.tell(floor.room.say(member, uuid4(), text, now()), Surface.CHAT, who)
        heard = {user for user, view in here.items() if text in view.said}
        assert heard == {user for user in here if not apart(blocks, user, who) and (user, who) not in mutes}
    for user, view in here.items():
        assert not [each for each in view.mentioned if apart(blocks, user, each)], "not a word of them"
