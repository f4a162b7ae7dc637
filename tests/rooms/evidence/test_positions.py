"""The ring of positions: ten minutes and no more, next to nothing for a room at rest, and nobody who was forgotten."""

from uuid import uuid4

from services.rooms.evidence.positions import RECORD, Positions
from tests.rooms.evidence.scene import ANN, BOB, CAT, NINE, body


def test_it_keeps_ten_minutes_and_a_bounded_number() -> None:
    ring = Positions(seconds=600.0, count=720)
    for second in range(2000):
        ring.take(NINE + second * 1000, [(BOB, body(second), False)])
    kept = list(ring)
    assert NINE + 1_999_000 - kept[0].at <= 600_000
    assert len(kept) == 601
    hurried = Positions(seconds=600.0, count=50)
    for moment in range(1000):
        hurried.take(NINE + moment, [(BOB, body(moment), False)])
    assert len(hurried) == 50


def test_a_room_at_rest_costs_a_line_every_ten_seconds() -> None:
    ring = Positions()
    people = [(uuid4(), body(number), False) for number in range(50)]
    for second in range(600):
        ring.take(NINE + second * 1000, people)
    assert len(ring) == 60
    assert sum(len(each.records) for each in ring) == 60 * 50 * RECORD.size
    empty = Positions()
    assert [empty.take(NINE + second * 1000, []) for second in range(60)] == [None] * 60


def test_a_room_that_empties_says_so_once() -> None:
    ring = Positions()
    ring.take(NINE, [(BOB, body(1), False)])
    taken = [ring.take(NINE + second * 1000, []) for second in range(1, 60)]
    assert [(each.whole, each.records) for each in taken if each] == [(True, b"")]


def test_what_is_asked_for_begins_where_everybody_is_known() -> None:
    ring = Positions()
    for second in range(60):
        ring.take(NINE + second * 1000, [(ANN, body(1), False), (BOB, body(second), False)])
    wanted = ring.since(NINE + 34_500)
    assert wanted[0].whole
    assert wanted[0].at == NINE + 30_000
    assert ring.since(NINE - 1)[0].at == NINE


def test_whoever_is_forgotten_has_not_stood_anywhere() -> None:
    ring = Positions()
    for second in range(30):
        ring.take(NINE + second * 1000, [(ANN, body(second), False), (BOB, body(second), False)])
    assert ring.forget(BOB)
    assert not ring.forget(BOB)
    assert not ring.forget(CAT)
    seen = {who for each in ring for who, _ in each.people()}
    assert seen == {ANN.bytes}
