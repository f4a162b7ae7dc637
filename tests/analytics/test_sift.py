"""Of what a partition holds, each event lands once, however the relay repeats itself and the sink is interrupted."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.facts import fact_of
from services.analytics.rows import Row, row_of
from services.analytics.sift import Marks, Slice, acquit, sift
from tests.analytics.records import Log, happened, record_of, told

seeds = st.integers(0, 10_000)


def rows_of(log: Log) -> list[Row]:
    facts = [fact_of(record) for record in log.records]
    return [row_of(fact, {user: user for user in fact.users}) for fact in facts]


def landed_from(rows: list[Row], cuts: list[int], *, by_position: bool = True) -> list[Row]:
    """What a lake comes to hold when the rows arrive in slices, each beginning anywhere that was already read."""
    lake: list[Row] = []
    marks = Marks(0, {})
    for cut in [*cuts, len(rows)]:
        start = max(0, marks.next_offset - cut % 5)
        read = Slice("room_join", 0, rows[start:cut], max(cut, marks.next_offset))
        sifted = sift(read, marks if by_position else Marks(marks.next_offset, {}))
        lake += [*sifted.fresh, *acquit(sifted, {row.event_id for row in lake})]
        marks = sifted.marks
    return lake


@given(seeds, st.lists(st.integers(0, 60), max_size=6))
def test_every_event_lands_once(seed: int, cuts: list[int]) -> None:
    log = Log(seed)
    log.write(40, [uuid4() for _ in range(3)])
    lake = landed_from(rows_of(log), sorted(cuts))
    assert sorted(row.event_id for row in lake) == sorted(str(each.id) for each in log.told)


def test_control_without_the_positions_a_repeat_lands_again() -> None:
    log = Log(1)
    log.write(40, [uuid4()])
    lake = landed_from(rows_of(log), list(range(0, len(log.records), 3)), by_position=False)
    assert len(lake) > len({row.event_id for row in lake})


def test_after_a_restore_old_events_are_recognised_and_new_ones_with_old_positions_land() -> None:
    before = [told(happened("room_join"), position=n) for n in range(1, 9)]
    restored = [*before[4:6], *(told(happened("room_join"), position=n) for n in range(7, 12))]
    log = Log(0)
    for envelope in before:
        log.tell(envelope)
    for again in restored:
        log.tell(told(again.event(), position=again.position, timeline=2, id=again.id))
    lake = landed_from(rows_of(log), [8])
    assert sorted(row.event_id for row in lake) == sorted({str(each.id) for each in (*before, *restored)})


def test_a_mark_never_goes_back() -> None:
    log = Log(3)
    log.write(5, [uuid4()])
    marks = Marks(100, {"/virtubar/local/rooms": 10**6})
    assert sift(Slice("room_join", 0, rows_of(log), 5), marks).marks == marks


def test_a_slice_of_bad_records_moves_on_all_the_same() -> None:
    assert sift(Slice("room_join", 0, [], 12), Marks(4, {})).marks.next_offset == 12


def test_only_what_does_not_grow_is_suspected() -> None:
    rows = [
        fact_of(record_of(told(happened("room_join"), position=p), offset=o)) for o, p in enumerate([5, 9, 7, 9, 10])
    ]
    sifted = sift(Slice("room_join", 0, [row_of(f, {u: u for u in f.users}) for f in rows], 5), Marks(0, {}))
    assert [row.position for row in sifted.fresh] == [5, 9, 10]
    assert [row.position for row in sifted.suspects] == [7, 9]
