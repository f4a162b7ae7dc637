"""The Delta table: what is checked is what is written, whoever else writes; nothing is ever taken away."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import DeltaError
from prometheus_client import CollectorRegistry

from services.analytics.facts import fact_of
from services.analytics.lake import Lake
from services.analytics.meters import Meters
from services.analytics.rows import SCHEMA, Row, row_of, table_of
from services.analytics.sift import Slice
from services.analytics.upkeep import Upkeep
from tests.analytics.records import happened, record_of, told


def rows(first: int, last: int) -> list[Row]:
    """Joins at offsets first..last-1, in the order of their positions."""
    facts = [
        fact_of(record_of(told(happened("room_join"), position=offset + 1), offset=offset))
        for offset in range(first, last)
    ]
    return [row_of(fact, {user: user for user in fact.users}) for fact in facts]


def again(rows: Sequence[Row], offset: int) -> list[Row]:
    """The same events, as a relay that started over sends them: under new offsets."""
    return [row._replace(offset=offset + n) for n, row in enumerate(rows)]


def joins(rows: Sequence[Row]) -> list[Slice]:
    return [Slice("room_join", 0, rows, rows[-1].offset + 1)]


def column(url: Path, name: str) -> Counter[object]:
    return Counter(DeltaTable(url).to_pyarrow_table(columns=[name]).column(0).to_pylist())


def upkeep(url: Path, too_many: int) -> Upkeep:
    return Upkeep(str(url), {}, Meters(CollectorRegistry()), too_many=too_many)


def test_a_batch_lands_once_however_often_it_is_brought(tmp_path: Path) -> None:
    batch = rows(0, 10)
    for _ in range(3):
        Lake.open(str(tmp_path)).append(joins(batch))
    lake = Lake.open(str(tmp_path))
    assert lake.append(joins(batch[4:] + rows(10, 14))).rows == {"room_join": 4}
    assert column(tmp_path, "offset") == Counter(range(14))
    assert (lake.next_offset("room_join", 0), lake.next_offset("room_join", 1)) == (14, None)


def test_whoever_comes_second_is_refused_looks_again_and_adds_what_is_missing(tmp_path: Path) -> None:
    batch = rows(0, 10)
    early, late = Lake.open(str(tmp_path)), Lake.open(str(tmp_path))
    early.append(joins(batch[:6]))
    assert late.append(joins(batch)).rows == {"room_join": 4}
    assert column(tmp_path, "offset") == Counter(range(10))


def test_control_checked_on_a_handle_and_written_through_the_path_the_same_rows_land_twice(tmp_path: Path) -> None:
    batch = rows(0, 10)
    Lake.open(str(tmp_path))
    checked = DeltaTable(tmp_path)
    Lake.open(str(tmp_path)).append(joins(batch))
    assert checked.transaction_version("sink/room_join/0") is None
    mark = CommitProperties(app_transactions=[Transaction("sink/room_join/0", 10)])
    write_deltalake(tmp_path, table_of(batch), mode="append", commit_properties=mark)
    assert set(column(tmp_path, "offset").values()) == {2}


def test_what_a_relay_repeats_is_recognised_by_whoever_opens_the_lake_next(tmp_path: Path) -> None:
    batch = rows(0, 10)
    Lake.open(str(tmp_path)).append(joins(batch))
    landed = Lake.open(str(tmp_path)).append(joins(again(batch[3:], 10) + rows(17, 20)))
    assert (landed.rows, landed.repeats) == ({"room_join": 3}, 7)
    assert set(column(tmp_path, "event_id").values()) == {1}


def test_what_a_relay_repeats_within_one_batch_lands_once(tmp_path: Path) -> None:
    batch = rows(0, 10)
    landed = Lake.open(str(tmp_path)).append(joins(batch + again(batch[5:], 10)))
    assert (landed.rows, landed.repeats) == ({"room_join": 10}, 5)


def test_an_event_that_was_held_up_is_suspected_looked_up_and_lands(tmp_path: Path) -> None:
    first, held_up, last = rows(0, 3)
    lake = Lake.open(str(tmp_path))
    lake.append(joins([first, last._replace(offset=1)]))
    assert lake.append(joins([held_up._replace(offset=2)])).rows == {"room_join": 1}


def test_a_record_that_reading_has_passed_is_added_once(tmp_path: Path) -> None:
    first, aside, last = rows(0, 3)
    lake = Lake.open(str(tmp_path))
    lake.append([Slice("room_join", 0, [first], 3)])
    assert [Lake.open(str(tmp_path)).add(aside) for _ in range(2)] == [True, False]
    assert lake.append(joins(again([aside, last], 3))).rows == {"room_join": 1}  # it was told once more


def test_control_offsets_alone_let_a_repeat_land(tmp_path: Path) -> None:
    batch = rows(0, 10)
    lake = Lake.open(str(tmp_path))
    lake.append(joins(batch))
    forgetful = [row._replace(source=f"/virtubar/cell-{row.offset}/rooms/1") for row in again(batch, 10)]
    lake.append(joins(forgetful))  # as if no position had been seen of them
    assert set(column(tmp_path, "event_id").values()) == {2}


def test_a_slice_without_rows_moves_on_and_leaves_no_file(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path))
    lake.append([Slice("room_join", 0, [], 5)])
    assert Lake.open(str(tmp_path)).next_offset("room_join", 0) == 5
    assert not DeltaTable(tmp_path).file_uris()


def test_the_lake_is_append_only_and_laid_out_by_day(tmp_path: Path) -> None:
    Lake.open(str(tmp_path)).append(joins(rows(0, 3)))
    table = DeltaTable(tmp_path)
    with pytest.raises(DeltaError):
        table.delete()
    with pytest.raises(DeltaError):
        write_deltalake(table, SCHEMA.empty_table(), mode="overwrite")
    assert table.metadata().partition_columns == ["date"]
    assert [field.name for field in table.schema().fields] == SCHEMA.names


def test_compaction_keeps_every_row_and_every_mark(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path))
    for first in range(0, 60, 2):
        lake.append(joins(rows(first, first + 2)))
    assert upkeep(tmp_path, too_many=200).compact() == 30
    assert upkeep(tmp_path, too_many=20).compact() == 1
    batch = rows(58, 62)
    assert lake.append(joins(batch)).rows == {"room_join": 2}  # its handle is older than the compaction
    assert column(tmp_path, "offset") == Counter(range(62))


def test_marks_outlive_the_log_in_checkpoints(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path))
    for first in range(105):
        lake.append(joins(rows(first, first + 1)))
    assert (tmp_path / "_delta_log" / "_last_checkpoint").exists()
    batch = rows(0, 105)
    assert Lake.open(str(tmp_path)).append(joins(batch)).rows == {}
    assert Lake.open(str(tmp_path)).append(joins(again(batch[:1], 105))).rows == {"room_join": 1}  # another event's id


def test_racing_sinks_and_a_compaction_land_every_offset_once(tmp_path: Path) -> None:
    Lake.open(str(tmp_path))
    batch = rows(0, 300)

    def sink(step: int) -> None:
        lake = Lake.open(str(tmp_path))
        while (at := lake.next_offset("room_join", 0) or 0) < len(batch):
            lake.append(joins(batch[max(0, at - step) : at + step]))
            lake.refresh()

    def compact() -> None:
        for _ in range(20):
            upkeep(tmp_path, too_many=2).compact()

    with ThreadPoolExecutor(4) as racers:
        racing = [racers.submit(sink, step) for step in (3, 5, 7)] + [racers.submit(compact)]
        for each in racing:
            each.result()
    assert column(tmp_path, "offset") == Counter(range(300))
