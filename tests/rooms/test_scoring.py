"""Which room suits somebody best: the same for the same rooms, never worse for a friend, never one without a seat."""

import random
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.rooms.scoring import Candidate, Wish, best, score

THEMES, REGIONS, LANGUAGES = ("lounge", "dance", "sports"), ("eu", "me"), ("en", "he")


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    capacity = draw(st.integers(2, 1000))
    occupied = draw(st.integers(0, capacity + 3))  # a room made smaller holds more than it should
    people = draw(st.integers(0, occupied))
    return Candidate(
        draw(st.uuids()),
        draw(st.sampled_from(THEMES)),
        draw(st.sampled_from(REGIONS)),
        capacity,
        occupied,
        draw(st.integers(0, people)),
        people,
        draw(st.integers(0, people)),
        draw(st.integers(0, people)),
    )


wishes = st.builds(
    Wish,
    st.none() | st.sampled_from(REGIONS),
    st.none() | st.sampled_from(THEMES),
    st.none() | st.sampled_from(LANGUAGES),
)


@given(candidates(), wishes, st.integers(1, 50))
def test_a_friend_more_never_makes_a_room_worse(room: Candidate, wish: Wish, more: int) -> None:
    assert score(replace(room, friends=room.friends + more), wish).points >= score(room, wish).points
    if room.friends == 0:
        assert score(replace(room, friends=more), wish).points > score(room, wish).points


@given(st.lists(candidates(), max_size=20), wishes, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_they_are_looked_at(
    rooms: list[Candidate], wish: Wish, dice: random.Random
) -> None:
    shuffled = dice.sample(rooms, len(rooms))
    assert best(shuffled, wish) == best(rooms, wish)


@given(st.lists(candidates(), max_size=20), wishes)
def test_no_room_without_a_free_seat_is_named_and_every_other_is(rooms: list[Candidate], wish: Wish) -> None:
    named = [match.room_id for match in best(rooms, wish)]
    assert sorted(named) == sorted(room.room_id for room in rooms if room.occupied < room.capacity)


@given(candidates(), wishes)
def test_every_reason_is_true(room: Candidate, wish: Wish) -> None:
    reasons = set(score(room, wish).reasons)
    assert ("friends_here" in reasons) == (room.friends > 0)
    assert ("your_region" in reasons) == (room.region == wish.region)
    assert ("your_theme" in reasons) == (room.theme == wish.theme)
    assert "your_language" not in reasons or room.speakers
    assert "shared_interests" not in reasons or room.kindred
    assert "lively" not in reasons or room.occupied * 5 >= room.capacity


def test_what_was_asked_for_weighs_more_than_company_and_a_friend_with_it_more_than_all() -> None:
    wish = Wish("eu", "lounge", "en")
    quiet = Candidate(UUID(int=1), "lounge", "eu", 10, 0)
    busy = Candidate(UUID(int=2), "dance", "me", 10, 6, people=6, speakers=6, kindred=6)
    friendly = replace(busy, room_id=UUID(int=3), friends=3)
    order = best([busy, quiet, friendly], wish)
    assert [match.room_id.int for match in order] == [3, 1, 2]
    assert order[0].reasons == ("friends_here", "your_language", "lively", "shared_interests")
