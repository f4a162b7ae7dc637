"""Speed, bounds and teleports."""

from hypothesis import given
from hypothesis import strategies as st

from services.rooms.realtime.floor import FLOORS, Floor
from services.rooms.realtime.frames import place
from services.rooms.realtime.hot.place import Ground, Place
from services.rooms.realtime.movement import Pace, Reason

FLOOR = Floor(2000, 400, 2000)
PACE = Pace(speed=800, stride=800, teleport_every=3)
GROUND = Ground(FLOOR, PACE)


def stand(x: int = 1000, z: int = 1000) -> Place:
    return Place(x, 0, z, at=0, ground=GROUND)


def step(place: Place, x: int, z: int, now: float, *, y: int = 0, teleport: bool = False) -> int:
    return place.step(x, y, z, teleport=teleport, now=now, ground=GROUND)


def test_a_walk_is_fine() -> None:
    place = stand(x=0)
    assert [step(place, 50 * n, 1000, now=n / 15) for n in range(1, 40)] == [0] * 39
    assert (place.x, place.z) == (1950, 1000)


def test_a_jump_across_the_room_is_refused_and_nobody_moves() -> None:
    place = stand(x=0, z=0)
    assert step(place, 1900, 1900, now=0.05) == Reason.SPEED
    assert (place.x, place.z) == (0, 0)


def test_a_sprint_for_ever_is_refused_once_the_stride_is_spent() -> None:
    place = stand(x=0)
    answers = [step(place, (80 * n) % 1999, 1000, now=n / 20) for n in range(1, 25)]  # 1,600 cm a second
    assert answers[:5] == [0] * 5
    assert Reason.SPEED in answers


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000), st.floats(0.001, 2)), max_size=60))
def test_nobody_covers_more_ground_than_their_pace_allows(moves: list[tuple[int, int, float]]) -> None:
    place, now, way = stand(), 0.0, 0.0
    for x, z, passed in moves:
        now += passed
        before = (place.x, place.z)
        if step(place, x, z, now) == 0:
            way += ((x - before[0]) ** 2 + (z - before[1]) ** 2) ** 0.5
    assert way <= PACE.stride + PACE.speed * now + 1e-6


def test_the_floor_ends_at_its_walls() -> None:
    for x, y, z in ((2001, 0, 1000), (1000, 0, 2001), (1000, -1, 1000), (1000, 401, 1000)):
        assert step(stand(), x, z, now=1, y=y) == Reason.BOUNDS
    assert step(stand(x=1900, z=1900), 2000, 2000, now=1, y=400) == 0


def test_a_teleport_goes_anywhere_on_the_floor_but_not_all_the_time() -> None:
    place = stand(x=0, z=0)
    assert step(place, 2000, 2000, now=1, teleport=True) == 0
    assert step(place, 0, 0, now=2, teleport=True) == Reason.TELEPORT
    assert step(place, 5000, 0, now=9, teleport=True) == Reason.BOUNDS
    assert step(place, 0, 0, now=9, teleport=True) == 0


@given(st.sampled_from(list(FLOORS.values())), st.integers(0, 65535))
def test_people_come_in_on_the_floor(floor: Floor, slot: int) -> None:
    assert floor.holds(*place(floor.entrance(slot))[:3])
