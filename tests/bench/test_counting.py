"""Both sides of a benchmark are counted alike, and nobody is flattered."""

from itertools import pairwise
from typing import Any

import pytest

from bench.rooms import walk
from bench.rooms.guest import OurGuest
from bench.rooms.sample import Sample, Seen, ours
from services.rooms.realtime import frames
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.hot.mover import Mover
from services.rooms.realtime.hot.place import Ground
from services.rooms.realtime.movement import Pace

START = 1_000_000  # a moment


async def guest(name: int, *made: int) -> OurGuest:
    one = OurGuest()
    one.name, one.made = name, list(made)
    return one


@pytest.mark.parametrize("age", [0, 1, 100, walk.UNIT, 30 * walk.UNIT])
def test_a_stamp_says_when_a_move_was_made(age: int) -> None:
    assert walk.moment(walk.stamp(START), START + age) == START


def test_both_bytes_of_a_stamp_differ_from_move_to_move() -> None:
    stamps = [walk.stamp(START + n * walk.UNIT // walk.HZ) for n in range(walk.STEPS)]
    for one, other in pairwise(stamps):
        assert one & 0xFF != other & 0xFF
        assert one >> 8 != other >> 8


@pytest.mark.parametrize("floor", FLOORS.values(), ids=FLOORS)
def test_everybody_walks_on_the_floor_from_where_they_stand(floor: Any) -> None:
    for slot in range(1000):
        x, _, z, _ = frames.place(floor.entrance(slot))
        path = walk.circle(x, z, floor.x // 2, floor.z // 2)
        assert (path[0].x, path[0].z) == (x, z)
        assert all(0 <= stand.x <= floor.x and 0 <= stand.z <= floor.z for stand in path)


async def test_an_update_is_counted_once_and_never_ones_own() -> None:
    viewer, other = await guest(1), await guest(2, START + 10)
    sample = Sample()
    again = [Seen(2, walk.stamp(START + 10)), Seen(1, walk.stamp(START + 10))]
    sample.take(viewer, [(START + 20, again), (START + 30, again)], [viewer, other], START, START + 2 * walk.UNIT)
    assert sample.updates == 1


async def test_a_move_reaches_who_sees_it_or_a_newer_one_in_time() -> None:
    viewer, other = await guest(1), await guest(2, START, START + 100, START + 200)
    sample = Sample()
    sample.take(viewer, [(START + 150, [Seen(2, walk.stamp(START + 100))])], [other], START, START + 5 * walk.UNIT)
    assert (sample.reached, sample.expected) == (2, 3)
    assert sample.took == [150 / walk.UNIT, 50 / walk.UNIT]


async def test_frames_of_ours_are_read_as_they_are_written() -> None:
    viewer = await guest(7)
    up = viewer.packed(1, 120, 340, 56, walk.stamp(START))
    walker = Mover(9, up[4:], Ground(FLOORS["dance"], Pace()), 0.0)
    down = frames.down([walker], 1, False, [3])[frames.HEADROOM :]
    viewer.sample = [(START + 5, bytes(down))]
    assert ours([viewer]) == [[(START + 5, [Seen(9, walk.stamp(START))])]]
