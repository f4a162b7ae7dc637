"""`virtubar verify` on real stores: clean after an evening, and every planted fault is found and named."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from deltalake import DeltaTable, write_deltalake

from cli.verify.report import Count, Report
from cli.verify.sources import Sources
from cli.verify.verify import verify
from services.analytics.lake import Lake
from services.analytics.rows import SCHEMA, Row
from services.analytics.sift import Slice
from tests.cli.evening import an_evening
from tests.rooms.people import ANN
from tests.stack import KafkaServer, PostgresServer, wait_for


@pytest.fixture(scope="module")
def evening(kafka: KafkaServer, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return wait_for(an_evening(kafka, postgres, tmp_path_factory.mktemp("evening") / "lake"))


@asynccontextmanager
async def spoilt(sources: Sources, spoil: str, mend: str) -> AsyncIterator[None]:
    """With something in rooms' schema as it should not be."""
    db = await asyncpg.connect(sources.services[0].url, server_settings={"search_path": "rooms"})
    try:
        await db.execute(spoil)
        yield
        await db.execute(mend)
    finally:
        await db.close()


def other_lake(sources: Sources, to: Path, without: int | None = None) -> Sources:
    """The same evening with a lake into which all records went but one."""
    rows = sorted(DeltaTable(sources.lake_url).to_pyarrow_table().to_pylist(), key=lambda row: row["offset"])
    lake = Lake.open(str(to))
    for n, row in enumerate(rows):
        kept = [] if n == without else [Row(**{name: row[name] for name in Row._fields})]
        lake.append([Slice(row["topic"], row["partition"], kept, row["offset"] + 1)])
    return replace(sources, lake_url=str(to))


async def found(sources: Sources, within: float = 60) -> Report:
    return await verify(sources, within=within)


async def test_after_an_evening_all_is_clean(evening: Sources) -> None:
    report = await found(evening)
    assert (report.problems, report.clean) == ([], True)
    assert report.events["room_join"] == Count(3, 3, 3)
    assert report.events["room_leave"] == Count(2, 2, 2)
    assert report.document()["clean"] is True


async def test_a_row_that_was_deleted_from_a_table_is_named(evening: Sources) -> None:
    keep = "create table kept as select * from room_memberships; delete from room_memberships where user_id = '{0}'"
    mend = "insert into room_memberships select * from kept where user_id = '{0}'; drop table kept"
    async with spoilt(evening, keep.format(ANN), mend.format(ANN)):
        report = await found(evening)
    assert len(report.problems) == 2
    assert all(said.startswith("rooms: room_memberships {'id': ") for said in report.problems)
    assert all(said.endswith("the row is missing") for said in report.problems)
    assert not report.clean


async def test_a_seat_that_was_counted_twice_is_named(evening: Sources) -> None:
    async with spoilt(
        evening, "update room_guards set occupied = occupied + 1", "update room_guards set occupied = occupied - 1"
    ):
        report = await found(evening)
    assert all("rooms: room_guards" in said and said.endswith("changed: occupied") for said in report.problems)
    assert len(report.problems) == 2


async def test_a_state_that_was_changed_is_named(evening: Sources) -> None:
    keep = "create table kept as select * from streams; update streams set state = {0} where stream_id = 'visitor-{1}'"
    state = f"(select s.state from streams s where s.kind = 'visitor' and s.stream_id <> 'visitor-{ANN}')"
    mend = "update streams s set state = k.state from kept k where k.stream_id = s.stream_id; drop table kept"
    async with spoilt(evening, keep.format(state, ANN), mend):
        report = await found(evening)
    assert report.problems == [f"rooms: stream visitor-{ANN}: the state is not the fold"]


async def test_a_record_that_was_dropped_on_the_way_into_the_lake_is_named(evening: Sources, tmp_path: Path) -> None:
    report = await found(other_lake(evening, tmp_path / "lake", without=2))
    assert sum(count.missing for count in report.events.values()) == 1
    (said,) = report.problems
    assert "in its topic, not in the lake" in said
    assert (await found(other_lake(evening, tmp_path / "whole"))).clean


async def test_a_row_that_landed_twice_is_named(evening: Sources, tmp_path: Path) -> None:
    shutil.copytree(evening.lake_url, tmp_path / "lake")
    first = DeltaTable(tmp_path / "lake").to_pyarrow_table().select(SCHEMA.names).slice(0, 1)
    write_deltalake(tmp_path / "lake", first, mode="append")
    report = await found(replace(evening, lake_url=str(tmp_path / "lake")))
    assert sum(count.doubled for count in report.events.values()) == 1
    (said,) = report.problems
    assert "2 rows in the lake" in said


async def test_what_does_not_arrive_in_time_is_named(evening: Sources, tmp_path: Path) -> None:
    report = await found(replace(evening, lake_url=str(tmp_path / "nowhere")), within=0.2)
    assert report.problems[0].startswith("there is no lake at ")
    assert report.events["room_join"] == Count(3, 3, 0, missing=3)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("data = '{}'", "(seat_hold) cannot be read: ValidationError"),
        ("subject = gen_random_uuid()", "(seat_hold) is about somebody else than its row says"),
    ],
)
async def test_an_event_of_no_topic_that_was_changed_is_named(evening: Sources, damage: str, said: str) -> None:
    first = f"stream_id = 'visitor-{ANN}' and version = 1"
    keep = f"create table kept as select * from events where {first}; update events set {damage} where {first}"
    back = "insert into events overriding system value select * from kept; drop table kept"
    mend = f"delete from events where {first}; {back}"
    async with spoilt(evening, keep, mend):
        report = await found(evening)
    assert f"rooms: stream visitor-{ANN}: " in report.problems[0]
    assert said in report.problems[0]
    assert report.events["room_join"] == Count(3, 3, 3)


async def test_a_sealed_name_that_was_changed_is_named(evening: Sources) -> None:
    keep = """create table kept as select * from events; update events
      set data = jsonb_set(data, '{$personal}', '"bm9ib2R5IHNlYWxlZCB0aGlzIHdpdGggYW55IGtleQ=="') where pos = 1"""
    mend = "update events e set data = k.data from kept k where k.pos = e.pos; drop table kept"
    async with spoilt(evening, keep, mend):
        (said,) = (await found(evening)).problems
    assert said.startswith("rooms: events at 1: room_create ")
    assert said.endswith(" cannot be replayed: InvalidTag")


async def test_a_relay_that_is_going_to_skip_events_is_named(evening: Sources) -> None:
    ahead = "update relay_cursor set pos = pos {} 1000"
    async with spoilt(evening, ahead.format("+"), ahead.format("-")):
        (said,) = (await found(evening)).problems
    assert said.startswith("the relay of rooms is at position ")


async def test_somebody_erased_whom_nobody_deleted_is_named(evening: Sources) -> None:
    db = await asyncpg.connect(evening.pseudonyms_url, server_settings={"search_path": "analytics"})
    try:
        name = await db.fetchval("select pseudonym from pseudonyms where user_id = $1", ANN)
        await db.execute("update pseudonyms set pseudonym = null, erased_at = now() where user_id = $1", ANN)
        report = await found(evening)
        await db.execute("update pseudonyms set pseudonym = $2, erased_at = null where user_id = $1", ANN, name)
    finally:
        await db.close()
    assert report.problems == [f"analytics: {ANN} has no pseudonym any more, and was never deleted"]


@pytest.mark.parametrize("damaged", ["_delta_log/*02.json", "date=*/*.parquet"])
async def test_a_lake_with_a_file_gone_is_named(evening: Sources, tmp_path: Path, damaged: str) -> None:
    lake = other_lake(evening, tmp_path / "lake").lake_url
    next(Path(lake).glob(damaged)).unlink()
    report = await found(replace(evening, lake_url=lake), within=0.2)
    assert [said for said in report.problems if said.startswith("the lake cannot be read: ")] == report.problems[:1]
    assert report.events["room_join"].missing == 3


async def test_a_commit_under_way_is_waited_for(evening: Sources) -> None:
    db = await asyncpg.connect(evening.services[0].url, server_settings={"search_path": "rooms"})
    try:
        writing = db.transaction()
        await writing.start()
        await db.execute("lock table events in row exclusive mode")
        waiting = asyncio.create_task(found(evening))
        await asyncio.sleep(1)
        assert not waiting.done()
        await writing.rollback()
        assert (await waiting).clean
    finally:
        await db.close()
