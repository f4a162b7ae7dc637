"""The demo notices what goes wrong, says so, and fits where it is shown."""

import io
from collections import Counter
from itertools import count
from typing import Any, get_args, get_type_hints
from uuid import UUID, uuid4

import pytest
from rich.console import Console, RenderableType

from cli.demo.board import board
from cli.demo.command import judge
from cli.demo.evening import Evening, Floor
from cli.demo.facts import Facts
from cli.demo.outcome import events, facts, verdict
from cli.demo.pulse import Pulse
from cli.demo.regular import named
from cli.demo.uncaused import UNCAUSED, caused, missing
from cli.verify.report import Count, Report
from clients.python.events import Heard, Person
from deploy.native.errors import BarError
from libs.contracts.catalogue import published, topics

NOW = 12.0


def shown(what: RenderableType, width: int = 80) -> list[str]:
    written = io.StringIO()
    Console(file=written, width=width, force_terminal=False).print(what)
    return written.getvalue().splitlines()


def test_every_event_is_caused_by_an_evening_or_has_a_reason_not_to_be() -> None:
    assert set(UNCAUSED) <= set(published())
    assert caused() | set(UNCAUSED) == set(published())
    assert missing(caused()) == []
    assert missing(caused() - {"item_gift", "block_user"}) == ["block_user", "item_gift"]


async def test_what_never_comes_true_is_a_fact_that_failed_and_keeps_nobody_waiting() -> None:
    checked, looks = Facts(), count()
    await checked.comes_true("in time", lambda: next(looks) > 2)
    assert checked.hold
    await checked.comes_true("never", lambda: False, within=0.1)
    assert [fact.holds for fact in checked.checked] == [True, False]
    assert not checked.hold


@pytest.mark.parametrize(("doubled", "held"), [(0, True), (1, True), (0, False)])
def test_an_evening_is_good_only_where_nothing_is_amiss_and_its_story_is_true(doubled: int, held: bool) -> None:
    report, checked = Report({"room_join": Count(1, 1, 1, doubled=doubled)}), Facts()
    checked.note("the gift arrived", held)
    if doubled == 0 and held:
        judge(report, checked)
        assert "clean" in str(verdict(report, checked.checked))
    else:
        with pytest.raises(BarError):
            judge(report, checked)
        assert "clean:" not in str(verdict(report, checked.checked))


def test_a_doubled_event_is_shown_though_it_is_none_of_tonight() -> None:
    report = Report({"room_join": Count(2, 2, 3, doubled=1), "room_leave": Count(2, 2, 2)})
    said = "\n".join(shown(events(report, Counter())))
    assert "room_join" in said
    assert "room_leave" not in said


def test_a_fact_that_failed_is_marked() -> None:
    checked = Facts()
    checked.note("the gift arrived", False, "not within 60 s")
    assert any("✗ the gift arrived" in line for line in shown(facts(checked.checked)))


def test_the_board_fits_a_small_terminal_however_much_goes_on() -> None:
    evening = Evening({}, guests=500, signed_in=500, moves=10**7, words=10**6)
    for number in range(4):
        floor = Floor(uuid4(), f"The Table of Somebody with a Name {number}", "dance", guests=500, said="x" * 500)
        evening.floors[floor.room_id] = floor
    for number in range(50):
        evening.tell(f"{number} " + "happens at great length " * 9, story=number % 2 == 0)
    lines = shown(board(evening, Pulse("kafka://127.0.0.1:1", topics()), NOW, 30.0))
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("kind", [*get_args(Heard), Person])
def test_whoever_is_named_to_a_guest_in_a_room_was_met(kind: type[Any]) -> None:
    """Whatever frame it is: the story's claim that two people never met rests on it."""
    people = [name for name, hint in get_type_hints(kind).items() if hint is UUID and name != "id"]
    ids = {name: uuid4() for name in people}
    said = kind(**{name: ids.get(name) for name in kind.__struct_fields__})
    assert set(named(said)) == set(ids.values())
