"""Analysts see every event as a typed view, the newest state of the lake, and nothing else of the machine."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import duckdb
import pytest

from libs.contracts.catalogue import published
from services.analytics.facts import fact_of
from services.analytics.lake import Lake
from services.analytics.queries import NoLake, Queries, QueryRefused
from services.analytics.rows import SCHEMA, row_of
from services.analytics.sift import Slice
from tests.analytics.records import SATURDAY, every_event, happened, record_of, told


def land(url: Path, *names: str) -> None:
    lake = Lake.open(str(url))
    for name in names:
        at = lake.next_offset(name, 0) or 0
        fact = fact_of(record_of(told(happened(name), position=at + 1), offset=at))
        lake.append([Slice(name, 0, [row_of(fact, {user: str(uuid4()) for user in fact.users})], at + 1)])


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Queries:
    """Over a lake with one event of each name."""
    url = tmp_path_factory.mktemp("lake with 'quotes'") / "lake"
    land(url, *every_event())
    return Queries(str(url))


@pytest.mark.parametrize("name", every_event())
def test_every_event_is_a_view_with_its_fields(full: Queries, name: str) -> None:
    answer = full.ask(f"select * from {name}")
    fields = [field.alias or key for key, field in published()[name].model_fields.items()]
    public = [field for field in fields if field not in published()[name].PERSONAL]
    assert answer.columns == ["event_id", "occurred_at", "date", "subject", "stream_id", "stream_version", *public]
    assert len(answer.rows) == 1


def test_columns_have_the_types_of_the_contract(full: Queries) -> None:
    (join,) = full.ask("select event_id, occurred_at, date, visit_id, theme from room_join").rows
    assert [type(value) for value in join] == [UUID, datetime, date, UUID, str]
    assert join[1] == SATURDAY
    ((seconds, visits, upheld),) = full.ask(
        "select seconds, visits, (select upheld from appeal_decide) from session_duration"
    ).rows
    assert (type(seconds), type(visits), type(upheld)) == (int, int, bool)
    ((interests, config),) = full.ask("select interests, typeof(avatar_config) from profile_update").rows
    assert (type(interests), config) == (list, "JSON")
    ((left,),) = full.ask("select left_at from room_leave").rows
    assert left.astimezone(UTC) == datetime(2026, 2, 6, 21, 30, tzinfo=UTC)


def test_events_has_the_lakes_columns(full: Queries) -> None:
    answer = full.ask("select * from events")
    assert answer.columns == SCHEMA.names
    assert len(answer.rows) == len(published())


def test_an_empty_lake_has_every_view(tmp_path: Path) -> None:
    Lake.open(str(tmp_path))
    assert Queries(str(tmp_path)).ask("select count(*), max(visit_id) from room_join").rows == [(0, None)]


def test_a_question_sees_what_has_landed_by_then(tmp_path: Path) -> None:
    land(tmp_path, "room_join")
    before = Queries(str(tmp_path))
    land(tmp_path, "room_join")
    assert before.ask("select count(*) from room_join").rows == [(1,)]
    assert Queries(str(tmp_path)).ask("select count(*) from room_join").rows == [(2,)]


def test_a_question_may_be_cut_short(full: Queries) -> None:
    answer = full.ask("select * from range(10)", most=3)
    assert (len(answer.rows), answer.more) == (3, True)
    assert not full.ask("select * from range(3)", most=3).more


@pytest.mark.parametrize(
    "sql",
    [
        "delete from events",
        "create table mine as select 1",
        "copy (select 1) to '/tmp/out.csv'",
        "explain analyze copy (select 1) to '/tmp/out.csv'",
        "set lock_configuration = false",
        "select 1; select 2",
        "attach '/tmp/other.db'",
        "",
    ],
)
def test_only_reading_is_answered(full: Queries, sql: str) -> None:
    with pytest.raises(QueryRefused):
        full.ask(sql)


def test_a_word_in_a_comment_lets_no_second_statement_through(tmp_path: Path) -> None:
    land(tmp_path, "room_join")
    (file,) = tmp_path.glob("date=*/*.parquet")
    before = file.read_bytes()
    with pytest.raises(QueryRefused):
        Queries(str(tmp_path)).ask(
            f"select 1 -- explain \n; copy (select 2) to '{file}' (format parquet, use_tmp_file false)"
        )
    assert file.read_bytes() == before


@pytest.mark.parametrize("sql", ["select * from read_csv('/etc/passwd')", "select * from glob('/*')", "select nothing"])
def test_the_rest_of_the_machine_is_out_of_reach(full: Queries, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        full.ask(sql)


@pytest.mark.parametrize(
    "sql", ["describe room_join", "show tables", "explain select * from events", "from events limit 1"]
)
def test_looking_around_is_reading(full: Queries, sql: str) -> None:
    assert full.ask(sql).rows


def test_where_there_is_no_lake_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoLake):
        Queries(str(tmp_path))
