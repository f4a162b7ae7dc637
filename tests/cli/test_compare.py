"""Every kind of fault between stores, topics and lake is found, counted where it belongs, and named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from cli.verify.compare import compare
from cli.verify.ledger import Ledger
from cli.verify.report import Count, Report
from libs.contracts.cloudevents import Envelope
from services.analytics.facts import fact_of
from services.analytics.rows import SCHEMA, Row, row_of, table_of
from tests.analytics.records import happened, record_of, told

ANN, BOB = uuid4(), uuid4()
NAMES: dict[str, str | None] = {str(ANN): str(uuid4()), str(BOB): str(uuid4())}


@dataclass
class Evening:
    """Four joins and a leave of Ann's, one join of Bob's, everywhere as they should be; tests then spoil something."""

    events: list[Envelope] = field(default_factory=list)
    committed: list[Envelope] = field(default_factory=list)
    records: list[tuple[Envelope, int]] = field(default_factory=list)  # with offsets
    lake: list[Row] = field(default_factory=list)
    unreadable: list[tuple[Any, ...]] = field(default_factory=list)
    aside: list[tuple[Any, ...]] = field(default_factory=list)
    first: int = 0  # offset of room_join-0 that retention has left
    timeline: int = 1
    names: dict[str, str | None] = field(default_factory=lambda: dict(NAMES))

    def __post_init__(self) -> None:
        people = [(ANN, "room_join")] * 4 + [(ANN, "room_leave"), (BOB, "room_join")]
        versions: dict[UUID, int] = {}
        for n, (who, name) in enumerate(people):
            versions[who] = versions.get(who, 0) + 1
            self.events.append(told(happened(name, user_id=who), position=n + 1, version=versions[who]))
        self.committed = list(self.events)
        for each in self.events:
            self.land(each, self.tell(each))

    def tell(self, envelope: Envelope) -> int:
        offset = sum(1 for other, _ in self.records if other.name == envelope.name)
        self.records.append((envelope, offset))
        return offset

    def land(self, envelope: Envelope, offset: int) -> None:
        self.lake.append(row_of(fact_of(record_of(envelope, offset=offset)), NAMES))

    def verdict(self) -> Report:
        ledger, report = Ledger(), Report()
        ledger.add("horizon", [("rooms", 6, self.timeline)])
        ledger.add("begins", [("room_join", 0, self.first), ("room_leave", 0, 0)])
        ledger.add("committed", [self._committed(each) for each in self.committed])
        ledger.add("told", [self._told(each, at) for each, at in self.records if self._left(each, at)])
        ledger.add("unreadable", self.unreadable)
        ledger.add("aside", self.aside)
        ledger.db.register("landed", table_of(self.lake) if self.lake else SCHEMA.empty_table())
        compare(ledger, report)
        return report

    def _left(self, envelope: Envelope, offset: int) -> bool:
        return envelope.name != "room_join" or offset >= self.first

    def _committed(self, envelope: Envelope) -> tuple[Any, ...]:
        fact = fact_of(record_of(envelope))
        erased = any(self.names[user] is None for user in fact.users)
        row = row_of(fact, self.names)
        return (*_fact(fact), "rooms", fact.position, erased, row.stream_id, row.subject, row.data)

    def _told(self, envelope: Envelope, offset: int) -> tuple[Any, ...]:
        fact = fact_of(record_of(envelope, offset=offset))
        return (*_fact(fact), fact.name, 0, offset, fact.source, fact.position)


def _fact(fact: Any) -> tuple[Any, ...]:
    return (
        fact.event_id,
        fact.name,
        fact.schema_version,
        fact.occurred_at,
        fact.stream_id,
        fact.stream_version,
        fact.subject,
        fact.data,
    )


def test_what_is_everywhere_as_it_should_be_is_clean() -> None:
    report = Evening().verdict()
    assert report.clean
    assert report.events == {"room_join": Count(5, 5, 5), "room_leave": Count(1, 1, 1)}


def test_a_repeat_in_a_topic_is_no_fault() -> None:
    evening = Evening()
    for each in evening.events[1:4]:
        evening.tell(each)
    assert evening.verdict().clean


def test_what_expired_from_a_topic_is_not_missing() -> None:
    evening = Evening(first=3)
    assert evening.verdict().clean


def test_what_came_later_than_the_horizon_is_not_judged() -> None:
    evening = Evening()
    later = told(happened("room_join", user_id=ANN), position=7, version=6)
    evening.land(later, evening.tell(later))
    assert evening.verdict().clean


def test_an_erased_persons_rows_are_compared_by_id() -> None:
    evening = Evening()
    evening.names[str(ANN)] = None
    assert evening.verdict().clean
    evening.lake[0] = evening.lake[0]._replace(position=99)
    assert not evening.verdict().clean


def test_what_a_restore_took_back_is_a_note() -> None:
    evening = Evening(timeline=2)
    lost = told(happened("room_join", user_id=ANN), position=9, version=9)
    evening.land(lost, evening.tell(lost))
    report = evening.verdict()
    assert report.clean
    assert report.notes == ["1 events of an earlier timeline were taken back by a restore"]


def test_a_bad_record_in_the_dlq_is_a_note() -> None:
    evening = Evening(unreadable=[("room_join", 0, 17, "no value")], aside=[("room_join", 0, 17)])
    report = evening.verdict()
    assert report.clean
    assert report.notes == ["1 records that are no events are in the DLQ"]


def gone_from_the_lake(evening: Evening) -> None:
    del evening.lake[2]


def gone_from_the_topic(evening: Evening) -> None:
    del evening.records[2]


def gone_from_both(evening: Evening) -> None:
    del evening.lake[2]
    del evening.records[2]


def twice_in_the_lake(evening: Evening) -> None:
    evening.lake.append(evening.lake[2])


def twice_under_another_offset(evening: Evening) -> None:
    evening.land(evening.events[2], evening.tell(evening.events[2]))


def another_theme_in_the_lake(evening: Evening) -> None:
    evening.lake[2] = evening.lake[2]._replace(data=evening.lake[2].data.replace("lounge", "dance"))


def another_person_in_the_lake(evening: Evening) -> None:
    evening.lake[2] = evening.lake[2]._replace(subject=NAMES[str(BOB)])


def somebody_in_the_clear(evening: Evening) -> None:
    evening.lake[2] = evening.lake[2]._replace(stream_id=f"visitor-{ANN}")


def another_theme_in_the_topic(evening: Evening) -> None:
    envelope, offset = evening.records[2]
    changed = told(happened("room_join", user_id=ANN, theme="dance"), position=3, version=3, id=envelope.id)
    evening.records[2] = changed, offset


def of_another_cell_in_the_lake(evening: Evening) -> None:
    evening.lake[2] = evening.lake[2]._replace(source="/virtubar/other/rooms/1")


def of_a_timeline_to_come_in_the_lake(evening: Evening) -> None:
    evening.lake[2] = evening.lake[2]._replace(source="/virtubar/local/rooms/7")


def of_a_version_to_come_in_the_lake(evening: Evening) -> None:
    """By which data would hide that is another's."""
    another_theme_in_the_lake(evening)
    evening.lake[2] = evening.lake[2]._replace(schema_version=9)


def from_another_place(evening: Evening) -> None:
    evening.lake[2] = evening.lake[2]._replace(offset=0)


PLANTED: Sequence[tuple[Callable[[Evening], None], Count, str]] = [
    (gone_from_the_lake, Count(5, 5, 4, missing=1), "in its topic, not in the lake"),
    (gone_from_the_topic, Count(5, 4, 5, missing=1, changed=1), "in the lake, not in its topic"),
    (gone_from_both, Count(5, 4, 4, missing=1), "neither in its topic nor in the lake"),
    (twice_in_the_lake, Count(5, 5, 6, doubled=1), "2 rows in the lake, from room_join-0@2, room_join-0@2"),
    (twice_under_another_offset, Count(5, 5, 6, doubled=1), "2 rows in the lake, from room_join-0@2, room_join-0@5"),
    (another_theme_in_the_lake, Count(5, 5, 5, changed=1), "the lake has another data"),
    (another_person_in_the_lake, Count(5, 5, 5, changed=1), "the lake has another subject"),
    (somebody_in_the_clear, Count(5, 5, 5, changed=1), "the lake has another stream_id"),
    (another_theme_in_the_topic, Count(5, 5, 5, changed=1), "its topic has another data"),
    (of_another_cell_in_the_lake, Count(5, 5, 5, changed=1), "where its source is /virtubar/local/rooms/1"),
    (of_a_timeline_to_come_in_the_lake, Count(5, 5, 5, changed=2), "the lake has another source"),
    (of_a_version_to_come_in_the_lake, Count(5, 5, 5, changed=1), "the lake has another schema_version"),
    (from_another_place, Count(5, 5, 5, changed=1), "from room_join-0@0, where there is another event"),
]


@pytest.mark.parametrize(("plant", "figures", "said"), PLANTED, ids=lambda each: getattr(each, "__name__", ""))
def test_a_planted_fault_is_counted_and_named(plant: Callable[[Evening], None], figures: Count, said: str) -> None:
    evening = Evening()
    plant(evening)
    report = evening.verdict()
    assert not report.clean
    assert report.events["room_join"] == figures
    assert report.events["room_leave"] == Count(1, 1, 1)
    assert any(
        problem.startswith(f"room_join {evening.events[2].id}: ") and said in problem for problem in report.problems
    )


def test_what_nobody_committed_is_named() -> None:
    evening = Evening()
    invented = told(happened("room_join", user_id=ANN), position=4)
    evening.land(invented, evening.tell(invented))
    strange = told(happened("room_join", user_id=ANN), source="/virtubar/local/cellar/1")
    evening.land(strange, evening.tell(strange))
    report = evening.verdict()
    assert f"room_join {invented.id}: in the lake, but nobody at rooms committed it" in report.problems
    assert f"room_join {invented.id}: in its topic, but nobody at rooms committed it" in report.problems
    assert f"room_join {strange.id}: in the lake, but nobody knows /virtubar/local/cellar/1" in report.problems


def test_a_topic_out_of_order_is_named() -> None:
    evening = Evening()
    evening.records[1], evening.records[2] = (evening.events[2], 1), (evening.events[1], 2)
    evening.lake[1], evening.lake[2] = evening.lake[1]._replace(offset=2), evening.lake[2]._replace(offset=1)
    report = evening.verdict()
    assert report.problems == [f"room_join {evening.events[1].id}: out of order in room_join-0@2"]


def test_a_bad_record_that_nobody_kept_is_named() -> None:
    report = Evening(unreadable=[("room_join", 0, 17, "no value")]).verdict()
    assert report.problems == ["room_join-0@17: no event (no value), and not in the DLQ either"]


def test_of_many_faults_the_first_are_spelt_out() -> None:
    evening = Evening()
    evening.committed = [told(happened("room_join", user_id=ANN), position=1) for _ in range(50)]
    report = evening.verdict()
    assert "… and 30 more: missing events" in report.problems
    assert report.events["room_join"].missing == 50
