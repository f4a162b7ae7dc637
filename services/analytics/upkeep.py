"""Keeping the lake quick to read: few large files instead of many small ones, and nothing that nobody refers to."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import structlog
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from services.analytics.lake import PARQUET
from services.analytics.meters import Meters
from services.analytics.patience import persist

SMALL: Final = 64 * 1024 * 1024  # bytes; files above are left alone
TOO_MANY: Final = 200  # small files
EVERY: Final = 10.0  # seconds
SWEEP_EVERY: Final = 24 * 3600.0
KEEP_HOURS: Final = 7 * 24  # readers of an older version, and writers about to commit, still need their files
log = structlog.get_logger(__name__)


class Upkeep:
    """A role beside the sink. Appends go on meanwhile: compaction moves rows, and takes no part in who lands what."""

    def __init__(self, url: str, storage: Mapping[str, str], meters: Meters, *, too_many: int = TOO_MANY) -> None:
        self._url, self._storage, self._meters, self._too_many = url, dict(storage), meters, too_many

    async def run(self, stop: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        swept = clock() - SWEEP_EVERY + 3600  # not while everything else is starting
        while not stop.is_set():
            await persist(lambda: asyncio.to_thread(self.compact), self._meters, "compact")
            if clock() - swept > SWEEP_EVERY:
                await persist(lambda: asyncio.to_thread(self.sweep), self._meters, "sweep")
                swept = clock()
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await stop.wait()

    def compact(self) -> int:
        """Merge the small files of each date once there are too many; how many are live afterwards."""
        table = self._table()  # a fresh handle: an older one would try to merge what another has merged
        small = crowded(table, SMALL)
        if sum(small.values()) > self._too_many:
            with suppress(CommitFailedError):  # another sink was first
                table.optimize.compact(
                    partition_filters=[("date", "in", sorted(small))], target_size=SMALL, writer_properties=PARQUET
                )
                log.info("compacted", count=sum(small.values()))
        live = len(table.file_uris())
        self._meters.files.set(live)
        return live

    def sweep(self) -> None:
        """Delete files that no version of the last week refers to. Never `full`: that takes files being written too."""
        self._table().vacuum(retention_hours=KEEP_HOURS, dry_run=False)

    def _table(self) -> DeltaTable:
        return DeltaTable(self._url, storage_options=self._storage)


def crowded(table: DeltaTable, small: int) -> dict[str, int]:
    """Dates with more than one file below `small` bytes, and how many of them each has."""
    files: Any = table.get_add_actions(flatten=True)
    dates, sizes = files.column("partition.date").to_pylist(), files.column("size_bytes").to_pylist()
    counted = Counter(str(date) for date, size in zip(dates, sizes, strict=True) if size < small)
    return {date: count for date, count in counted.items() if count > 1}
