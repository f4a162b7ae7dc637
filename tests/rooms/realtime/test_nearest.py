"""A room above 40: each sees the nearest, nobody flickers, and what a client pieces together is what the room holds."""

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from clients.python import frames as client
from services.rooms.realtime import frames
from services.rooms.realtime.view import Range
from tests.rooms.realtime.crowds import NEARER, Crowd, Viewer, away, nearest

FEW = Range(nearest=3, look_every=1, keyframe_every=50)
LAZY = Range(nearest=3, look_every=4, keyframe_every=7)
PEOPLE = 8
EVERYBODY = [UUID(int=number + 1) for number in range(PEOPLE)]
coordinate = st.integers(0, 60_000)
places = st.tuples(coordinate, coordinate)


def full(range: Range, at: list[tuple[int, int]]) -> Crowd:
    crowd = Crowd(range)
    for number, (x, z) in enumerate(at):
        crowd.come(number, x, z)
    return crowd


def last(viewer: Viewer) -> client.Down:
    told = client.read(bytes(viewer.frames[-1][frames.HEADROOM :]))
    assert isinstance(told, client.Down)
    return told


def check(crowd: Crowd) -> None:
    """What every viewer has pieced together: as many as they may see, none clearly farther than one left out."""
    for user, viewer in crowd.viewers.items():
        me, others = crowd.room.members[user], {member.slot: member for member in crowd.visible_to(user)}
        crowded = len(crowd.room.stage.shown) > crowd.range.nearest + 1
        wanted = min(len(others), crowd.range.nearest) if crowded else len(others)
        assert len(viewer.others) == wanted
        assert viewer.others == {slot: (at := others[slot].place, (at.x, at.y, at.z))[1] for slot in viewer.others}
        farthest = max((away(me, others[slot]) for slot in viewer.others), default=0)
        left_out = [away(me, member) for slot, member in others.items() if slot not in viewer.others]
        assert all(farthest * NEARER <= each for each in left_out)


@given(st.lists(places, min_size=5, max_size=30), st.lists(st.tuples(st.integers(0, 29), places), max_size=40))
def test_each_sees_whom_a_plain_search_finds(at: list[tuple[int, int]], walks: list[tuple[int, Any]]) -> None:
    crowd = full(FEW, at)
    seen: dict[UUID, set[int]] = {user: set() for user in crowd.viewers}
    for who, (x, z) in [(0, at[0]), *walks]:
        crowd.walk(crowd.room.members[UUID(int=who % len(at) + 1)], x, z)
        crowd.tick()
        for user, viewer in crowd.viewers.items():
            seen[user] = nearest(crowd.room.members[user], crowd.visible_to(user), seen[user], FEW.nearest)
            assert set(viewer.seen) == seen[user]


ACTS = st.one_of(
    st.tuples(st.just("walk"), st.integers(0, PEOPLE - 1), places),
    st.tuples(st.sampled_from(["in", "out", "away", "back", "stall", "read"]), st.integers(0, PEOPLE - 1)),
    st.tuples(st.sampled_from(["block", "unblock"]), st.permutations(range(PEOPLE)).map(lambda all: all[:2])),
    st.just(("tick",)),
)


def play(crowd: Crowd, act: str, *about: Any) -> None:
    if act == "tick":
        crowd.tick()
    elif act in ("block", "unblock"):
        one, other = about[0]
        crowd.block(EVERYBODY[one], EVERYBODY[other], on=act == "block")
    elif act == "in" and EVERYBODY[about[0]] not in crowd.room.members:
        crowd.come(about[0], 300 * about[0], 500)
    elif (member := crowd.room.members.get(EVERYBODY[about[0]])) is not None:
        match act:
            case "out":
                crowd.go(member.guest.user)
            case "away" if not member.away:
                crowd.room.hide(member)
            case "back" if member.away:
                crowd.room.show(member, 0.0)
            case "walk":
                crowd.walk(member, *about[1])
            case "stall" | "read":
                crowd.viewers[member.guest.user].full = act == "stall"


@given(st.lists(ACTS, max_size=120), st.sampled_from([FEW, LAZY]))
def test_who_applies_every_frame_has_exactly_what_the_room_holds(script: list[Any], range: Range) -> None:
    crowd = full(range, [(1000 * number, 700 * number % 9000) for number in (0, 1, 2)])
    for act in script:
        play(crowd, *act)
    crowd.settle()
    check(crowd)


def test_control_who_minds_no_hidden_list_is_found_out() -> None:
    crowd = full(FEW, [(1000 * number, 0) for number in range(6)])
    careless = crowd.come(7, 0, 100, hides=False)
    crowd.settle()
    crowd.walk(careless.member, 5000, 100)
    crowd.settle()
    try:
        check(crowd)
    except AssertionError:
        assert len(careless.others) > FEW.nearest
    else:
        raise AssertionError("nobody noticed")


def test_nobody_flickers_at_the_border() -> None:
    """Two people as far as each other by turns, by a step: one of them stays in view all the time."""
    crowd = full(FEW, [(0, 0), (100, 0), (0, 100), (5000, 0), (5010, 0), (9000, 9000)])
    viewer = crowd.viewers[UUID(int=1)]
    crowd.tick()
    before, inner = set(viewer.seen), crowd.room.members[UUID(int=4)]
    assert inner.slot in before
    for n in range(20):
        crowd.walk(inner, 5000 + 20 * (n % 2), 0)
        crowd.tick()
        assert set(viewer.seen) == before
    crowd.walk(inner, 9000, 0)  # clearly farther than the other
    crowd.tick()
    assert last(viewer).hidden == (inner.slot,)
    assert crowd.room.members[UUID(int=5)].slot in viewer.seen


def test_up_to_40_others_all_are_sent_the_same_bytes_and_above_it_each_their_own() -> None:
    crowd = full(Range(nearest=5), [(100 * number, 0) for number in range(6)])
    crowd.settle()
    crowd.walk(crowd.room.members[UUID(int=1)], 50, 50)
    crowd.tick()
    assert len({id(viewer.frames[-1]) for viewer in crowd.viewers.values()}) == 1
    crowd.come(6, 900, 0)
    crowd.tick()
    crowd.settle()
    assert [len(viewer.seen) for viewer in crowd.viewers.values()] == [5] * 7
    assert all(viewer.member.slot not in viewer.seen for viewer in crowd.viewers.values())
    crowd.go(UUID(int=7))
    crowd.settle()
    assert [len(viewer.others) for viewer in crowd.viewers.values()] == [5] * 6
    crowd.walk(crowd.room.members[UUID(int=1)], 60, 50)
    crowd.tick()
    assert len({id(viewer.frames[-1]) for viewer in crowd.viewers.values()}) == 1


def test_who_comes_nearer_is_a_record_and_who_falls_behind_is_in_the_hidden_list() -> None:
    crowd = full(FEW, [(0, 0), (100, 0), (200, 0), (300, 0), (9000, 0)])
    crowd.tick()
    viewer, far = crowd.viewers[UUID(int=1)], crowd.room.members[UUID(int=5)]
    crowd.walk(far, 50, 0)
    crowd.tick()
    body = frames.body(50, 0, 0).hex()
    assert viewer.frames[-1][frames.HEADROOM :].hex() == "02020100" + "02000000" + "0400" + body + "0100" + "0300"


def test_a_reader_who_missed_some_gets_a_keyframe_of_whom_they_see() -> None:
    crowd = full(FEW, [(100 * number, 0) for number in range(6)])
    crowd.settle()
    viewer = crowd.viewers[UUID(int=1)]
    viewer.full = True
    for number in range(6):
        crowd.walk(crowd.room.members[UUID(int=number + 1)], 100 * (6 - number), 0)
        crowd.tick()
    viewer.full = False
    crowd.tick()
    assert last(viewer).keyframe
    assert len(last(viewer).records) == 3
    check(crowd)


def test_a_keyframe_comes_every_so_often_while_anything_moves() -> None:
    crowd = full(Range(nearest=5, keyframe_every=10), [(0, 0), (100, 0)])
    viewer = crowd.viewers[UUID(int=1)]
    keyframes = []
    for tick in range(25):
        crowd.walk(crowd.room.members[UUID(int=2)], 100 + tick, 0)
        crowd.tick()
        keyframes += [tick] if last(viewer).keyframe else []
    assert keyframes == [0, 10, 20]
    shown = len(viewer.frames)
    for _ in range(30):
        crowd.tick()
    assert len(viewer.frames) == shown, "nothing moves, nothing is sent"


def test_nobody_learns_by_a_number_that_somebody_unseen_is_there() -> None:
    """The first block of a room gives its viewer a sight of their own: it has never known who comes at that moment."""
    crowd = full(Range(), [(0, 0), (100, 0)])
    crowd.settle()
    crowd.block(UUID(int=1), UUID(int=3))
    hidden = crowd.come(2, 300, 300)
    crowd.tick()
    crowd.go(UUID(int=3))
    crowd.settle()
    assert all(hidden.member.slot not in seen.slots for seen in map(Told, crowd.viewers[UUID(int=1)].frames))


class Told:
    """Every slot that a frame speaks of."""

    def __init__(self, frame: bytearray) -> None:
        down = client.read(bytes(frame[frames.HEADROOM :]))
        assert isinstance(down, client.Down)
        self.slots = {record.slot for record in down.records} | set(down.hidden)


def test_40_people_who_walk_about_are_10_kilobytes_a_second() -> None:
    """A second of 20 ticks in the middle of 200 people who each move 15 times: payloads and WebSocket headers."""
    crowd = full(Range(), [(4000 + 150 * (number % 15), 4000 + 150 * (number // 15)) for number in range(200)])
    crowd.settle()
    before = {user: len(viewer.frames) for user, viewer in crowd.viewers.items()}
    for tick in range(20):
        for number, member in enumerate(crowd.room.members.values()):
            if (tick + number) % 4:
                step = 10 if number % 2 else -10
                crowd.walk(member, member.place.x + step, member.place.z + (step if number % 3 else 0))
        crowd.tick()
    for user, viewer in crowd.viewers.items():
        sent = viewer.frames[before[user] :]
        assert 15 * 12 * 40 < sum(len(frame) - frames.HEADROOM + 4 for frame in sent) < 10_000
