"""Slots rest before they stand for somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rooms.realtime.slots import SLOTS, Slots


def test_a_slot_is_not_given_again_for_60_seconds() -> None:
    slots = Slots(rest=60)
    assert slots.take(now=0) == 0
    slots.give_back(0, now=10)
    assert slots.take(now=69.9) == 1
    assert slots.take(now=70) == 0


def test_there_are_as_many_slots_as_two_bytes_can_name() -> None:
    slots = Slots(rest=60)
    assert [slots.take(0) for _ in range(SLOTS)] == list(range(SLOTS))
    with pytest.raises(LookupError):
        slots.take(0)
    slots.give_back(17, now=0)
    assert slots.take(60) == 17


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 30)), max_size=200))
def test_no_slot_is_held_twice_nor_before_its_rest(script: list[tuple[bool, float]]) -> None:
    slots, now, held, freed = Slots(rest=60), 0.0, list[int](), dict[int, float]()
    for take, passed in script:
        now += passed
        if take or not held:
            slot = slots.take(now)
            assert slot not in held
            assert now - freed.get(slot, -60) >= 60
            held.append(slot)
        else:
            slot = held.pop(0)
            slots.give_back(slot, now)
            freed[slot] = now
