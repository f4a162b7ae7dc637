"""The lake: one append-only Delta table, in which every record of every topic lands exactly once.

Each commit carries, as Delta application transactions, how far each partition has landed. They are read from the same
handle that the rows are written with: a commit by anyone else in between moves a mark, and then this one is refused.
Through a fresh handle, or a path, the same rows would land twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, Self, TypeVar

import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from services.analytics.rows import SCHEMA, Row, table_of
from services.analytics.sift import Marks, Slice, acquit, origin_of, sift

T = TypeVar("T")
TRIES: Final = 20
CONFIGURATION: Final = {"delta.appendOnly": "true"}
PARQUET: Final = WriterProperties(compression="ZSTD")
OFFSET: Final = "sink/{topic}/{partition}"  # version: the next offset
POSITION: Final = "position/{topic}/{partition}{origin}"  # version: the highest position


def storage_of(url: str) -> dict[str, str]:
    """Options for opening `url`. On S3 a commit is a create that must find nothing there; AWS_* say where and who."""
    return {"conditional_put": "etag"} if url.startswith("s3") else {}


class LakeGone(Exception):
    """The lake is not there any more, or lacks commits that it had: what this handle knows of it is worth nothing."""


class Landed(NamedTuple):
    """What an append came to: rows written, and rows left out because their event was there already."""

    rows: Mapping[str, int]  # by topic
    repeats: int


class Lake:
    """The table through one handle. Not thread-safe: one appender at a time per handle, any number of handles."""

    def __init__(self, table: DeltaTable) -> None:
        self._table = table

    @classmethod
    def open(cls, url: str) -> Self:
        """The lake at a local path or s3:// URL, made if there is none."""
        storage = storage_of(url)
        DeltaTable.create(
            url, SCHEMA, mode="ignore", partition_by=["date"], configuration=CONFIGURATION, storage_options=storage
        )
        return cls(DeltaTable(url, storage_options=storage))

    def refresh(self) -> None:
        """See what others have committed."""
        self._table.update_incremental()

    def recover(self) -> None:
        """See where the lake stands after a failure, which may have come after the commit. Raises LakeGone."""
        seen = self._table.version()
        try:
            there = DeltaTable(self._table.table_uri, storage_options=storage_of(self._table.table_uri)).version()
        except TableNotFoundError as nothing:
            raise LakeGone(str(nothing)) from nothing
        if there < seen:
            raise LakeGone(f"version {seen} was there, now {there} is the newest")
        self.refresh()

    def next_offset(self, topic: str, partition: int) -> int | None:
        """Where reading goes on; None where nothing of the partition has landed."""
        return self._table.transaction_version(OFFSET.format(topic=topic, partition=partition))

    def append(self, slices: Sequence[Slice]) -> Landed:
        """Write what is new of each partition, all of it in one commit.

        Raises CommitFailedError after losing twenty races, OSError or DeltaError when storage fails: then it may or may
        not have landed; recover, and append the same again.
        """
        return self._until_won(lambda: self._append(slices))

    def add(self, row: Row) -> bool:
        """Write one record that reading has passed already, unless its event is there; True if it was not.

        Raises what `append` raises.
        """
        self.refresh()
        return self._until_won(lambda: self._add(row))

    def _until_won(self, work: Callable[[], T]) -> T:
        for attempt in range(1, TRIES + 1):
            try:
                return work()
            except CommitFailedError:
                if attempt == TRIES:
                    raise
                self.refresh()
        raise AssertionError("unreachable")

    def _append(self, slices: Sequence[Slice]) -> Landed:
        ahead = [(read, self._marks(read)) for read in slices]
        sifted = [(read, sift(read, marks)) for read, marks in ahead if read.next_offset > marks.next_offset]
        if not sifted:
            return Landed({}, 0)
        there = self._there([row for _, found in sifted for row in found.suspects])
        rows = [row for _, found in sifted for row in (*found.fresh, *acquit(found, there))]
        moved = [mark for read, found in sifted for mark in _transactions(read, found.marks)]
        self._write(rows, CommitProperties(app_transactions=moved))
        tried = sum(len(found.fresh) + len(found.suspects) for _, found in sifted)
        return Landed(Counter(row.topic for row in rows), tried - len(rows))

    def _add(self, row: Row) -> bool:
        if self._there([row]):
            return False
        where = Slice(row.topic, row.partition, [row], row.offset + 1)
        highest = self._marks(where).highest.get(origin_of(row.source), -1)
        moved = Transaction(_position(where, origin_of(row.source)), max(highest, row.position))
        self._write([row], CommitProperties(app_transactions=[moved]))
        return True

    def _write(self, rows: Sequence[Row], properties: CommitProperties) -> None:
        """Through the handle that was asked, and no other."""
        write_deltalake(
            self._table, table_of(rows), mode="append", writer_properties=PARQUET, commit_properties=properties
        )

    def _marks(self, read: Slice) -> Marks:
        origins = {origin_of(row.source) for row in read.rows}
        at = {origin: self._table.transaction_version(_position(read, origin)) for origin in origins}
        highest = {origin: position for origin, position in at.items() if position is not None}
        return Marks(self.next_offset(read.topic, read.partition) or 0, highest)

    def _there(self, suspects: Sequence[Row]) -> set[str]:
        """Which of these events the lake holds. A repeat has its first occurrence's time and position: few files."""
        if not suspects:
            return set()
        positions = [row.position for row in suspects]
        near = [
            ("date", "in", sorted({row.occurred_at.date().isoformat() for row in suspects})),
            ("position", ">=", min(positions)),
            ("position", "<=", max(positions)),
        ]
        among = pc.field("event_id").isin([row.event_id for row in suspects])
        data = self._table.to_pyarrow_dataset(file_pruning_predicate=near)
        return set(data.to_table(columns=["event_id"], filter=among).column(0).to_pylist())


def _position(read: Slice, origin: str) -> str:
    return POSITION.format(topic=read.topic, partition=read.partition, origin=origin)


def _transactions(read: Slice, marks: Marks) -> list[Transaction]:
    offset = Transaction(OFFSET.format(topic=read.topic, partition=read.partition), marks.next_offset)
    return [offset, *(Transaction(_position(read, origin), high) for origin, high in marks.highest.items())]
