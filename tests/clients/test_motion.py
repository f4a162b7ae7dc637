"""Where others are drawn: between the places they were seen at, on the shorter way round, and never far beyond."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clients.python.frames import Down, Record
from clients.python.motion import AHEAD, DELAY, Clock, Motion, Pose, turn

HZ = 20
SLOT = 7


def at(x: int, *, slot: int = SLOT, yaw: int = 0, vx: int = 0, z: int = 0) -> Record:
    return Record(slot, x, 0, z, yaw, 3, vx, 0)


def down(tick: int, *records: Record, keyframe: bool = False, hidden: tuple[int, ...] = ()) -> Down:
    return Down(tick, keyframe, records, hidden)


def drawn(motion: Motion, now: float, slot: int = SLOT) -> Pose:
    return motion.poses(now)[slot]


def test_a_walk_is_drawn_between_two_places() -> None:
    motion = Motion(HZ)
    motion.take(down(0, at(100), keyframe=True), 10.0)
    motion.take(down(2, at(200)), 10.1)
    way = [round(drawn(motion, 10.0 + DELAY + part * 0.1).x) for part in (-1, 0, 0.25, 0.5, 1)]
    assert way == [100, 100, 125, 150, 200]


def test_uneven_arrival_does_not_show() -> None:
    """Ten centimetres a tick, each frame up to 45 ms late: the drawn walk is even to a centimetre."""
    luck, motion, off = random.Random(4), Motion(HZ), list[float]()
    for tick in range(100):
        motion.take(down(tick, at(tick * 10)), tick / HZ + luck.uniform(0, 0.045))
        meant = (tick / HZ + 0.06 - DELAY) * HZ * 10
        off.append(drawn(motion, tick / HZ + 0.06).x - meant)
    assert max(off[50:]) - min(off[50:]) < 1.0


@given(st.integers(0, 255), st.integers(0, 255), st.floats(0, 1))
@example(0, 128, 1e-53)
def test_heads_turn_the_shorter_way(start: int, end: int, part: float) -> None:
    way = (turn(start, end, part) - start + 128) % 256 - 128
    assert abs(way) <= 128 * part + 1e-6
    assert 0 <= turn(start, end, part) < 256
    assert turn(start, end, 1.0) == end


def test_somebody_who_stood_still_starts_when_they_start() -> None:
    """Records come of changes only: a pause is no slow walk."""
    motion = Motion(HZ)
    motion.take(down(0, at(100), keyframe=True), 0.0)
    motion.take(down(100, at(140)), 5.0)
    assert drawn(motion, 4.9 + DELAY).x == 100
    assert drawn(motion, 4.975 + DELAY).x == pytest.approx(120)
    assert drawn(motion, 5.0 + DELAY).x == 140


def test_a_leap_is_no_walk() -> None:
    motion = Motion(HZ)
    motion.take(down(0, at(100), keyframe=True), 0.0)
    motion.take(down(1, at(1900)), 0.05)
    assert drawn(motion, 0.025 + DELAY).x == 1900


def test_without_news_an_avatar_goes_on_for_a_moment_only() -> None:
    motion = Motion(HZ)
    motion.take(down(0, at(100, vx=15), keyframe=True), 0.0)
    assert drawn(motion, DELAY + 0.04).x == pytest.approx(106)
    assert drawn(motion, DELAY + 60).x == pytest.approx(100 + 150 * AHEAD)


def test_who_goes_out_of_view_is_not_drawn_and_does_not_glide_back_in() -> None:
    motion = Motion(HZ)
    motion.take(down(0, at(100), at(50, slot=8), keyframe=True), 0.0)
    motion.take(down(1, hidden=(SLOT,)), 0.05)
    assert set(motion.poses(1)) == {8}
    motion.take(down(2, at(300)), 0.1)
    assert drawn(motion, 0.1).x == 300
    motion.take(down(3, at(60, slot=8), keyframe=True), 0.15)
    assert set(motion.poses(1)) == {8}


def test_another_nodes_ticks_are_another_count() -> None:
    motion = Motion(HZ)
    motion.take(down(5000, at(100), keyframe=True), 0.0)
    motion.take(down(3, at(300), keyframe=True), 1.0)
    assert drawn(motion, 1.0 + DELAY).x == 300
    motion.take(down(5, at(400)), 1.1)
    assert drawn(motion, 1.05 + DELAY).x == pytest.approx(350)


def test_the_clock_goes_by_the_fastest_frame_and_over_the_end_of_its_bits() -> None:
    clock = Clock(HZ)
    late = clock.read(2**32 - 2, 100.2)
    assert late == pytest.approx(100.2)
    assert not clock.restarts(1)
    assert clock.read(1, 100.25) == pytest.approx(100.25)  # fifty milliseconds for three ticks: the first was slow
    assert clock.read(3, 100.5) == pytest.approx(100.35)
    assert clock.restarts(2)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 65535), st.booleans(), st.floats(0, 0.3)), max_size=60))
def test_whatever_comes_a_pose_is_where_somebody_was_or_close_by(frames: list[tuple[int, int, bool, float]]) -> None:
    motion, now, tick, seen = Motion(HZ), 0.0, 0, dict[int, set[int]]()
    for slot, x, keyframe, wait in frames:
        now, tick = now + wait, tick + 1 + int(wait * HZ)
        motion.take(down(tick, at(x, slot=slot), keyframe=keyframe), now)
        seen.setdefault(slot, set()).add(x)
        for shown, pose in motion.poses(now).items():
            assert min(seen[shown]) - 1e-6 <= pose.x <= max(seen[shown]) + 1e-6
