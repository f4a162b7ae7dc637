"""Who is there and who is in view, as frames say it: keyframes, hidden lists, people who come near and go far."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from clients.python.events import Away, Back, Joined, Left, Person, Said, Snapshot, Welcome, read
from clients.python.frames import Correction, Down, Record
from clients.python.roster import Roster

PEOPLE = [UUID(int=n) for n in range(6)]
ME = 0  # my slot


def here(offset: int = 10) -> Roster:
    """Everybody's slot is their number; the last one is away."""
    roster = Roster()
    welcome = read(
        b'{"t":"welcome","visit":"%b","slot":0,"resume_token":"r","resumed":false,"epoch":"1","offset":10,"tick_hz":20,'
        b'"heartbeat_ms":2000,"floor":{"x":1,"y":1,"z":1}}' % str(uuid4()).encode()
    )
    assert isinstance(welcome, Welcome)
    roster.take(welcome)
    roster.take(Snapshot("1", offset, [Person(user, n, away=n == 5) for n, user in enumerate(PEOPLE)]))
    return roster


def down(*slots: int, keyframe: bool = False, hidden: tuple[int, ...] = ()) -> Down:
    return Down(1, keyframe, tuple(Record(slot, slot * 10 + 1, 0, 7, 64, 0, 0, 0) for slot in slots), hidden)


def test_a_snapshot_shows_everybody_who_is_not_away() -> None:
    roster = here()
    assert set(roster.in_view) == {0, 1, 2, 3, 4}
    assert set(roster.people) == set(PEOPLE)


def test_a_keyframe_shows_those_it_names_and_nobody_else() -> None:
    roster = here()
    roster.take(down(0, 1, 2, keyframe=True))
    assert set(roster.in_view) == {0, 1, 2}
    assert set(roster.people) == set(PEOPLE), "far away is not gone"
    roster.take(down(3, hidden=(1,)))
    assert set(roster.in_view) == {0, 2, 3}
    assert roster.people[PEOPLE[3]].x == 31


def test_away_and_gone_are_out_of_view_until_a_frame_has_them() -> None:
    roster = here()
    roster.take(Away(11, PEOPLE[1]))
    roster.take(Left(12, PEOPLE[2], "left"))
    assert set(roster.in_view) == {0, 3, 4}
    roster.take(Back(13, PEOPLE[1]))
    roster.take(down(1, 2))
    assert set(roster.in_view) == {0, 1, 3, 4}, "a slot of nobody is ignored"
    roster.take(Joined(14, newcomer := uuid4(), 9))
    assert 9 not in roster.in_view
    roster.take(down(9))
    assert roster.in_view[9].user == newcomer


def test_where_i_am_i_know_better_until_i_am_corrected() -> None:
    roster = here()
    roster.stand(500, 0, 600, 8)
    roster.take(down(ME))
    me = roster.me
    assert me
    assert (me.x, me.z) == (500, 600)
    roster.take(Correction(1, 7, 90, 0, 91, 3))
    assert (me.x, me.z, me.yaw) == (90, 91, 3)


@given(st.lists(st.integers(1, 40), max_size=30))
def test_nothing_is_taken_twice_and_nothing_new_is_missed(offsets: list[int]) -> None:
    """A replay may overlap with what was heard: each message once, whatever the gaps."""
    roster, taken = here(offset=0), list[int]()
    for offset in offsets:
        message = read(
            b'{"t":"chat","offset":%d,"id":"%b","user":"%b","text":"hi","at":"2026-02-06T21:00:00Z"}'
            % (offset, str(uuid4()).encode(), str(PEOPLE[1]).encode())
        )
        assert isinstance(message, Said)
        if roster.take(message):
            taken.append(offset)
    assert taken == sorted(set(taken))
    assert roster.offset == max(offsets, default=0)
