"""A sink in a process of its own, which sends itself a signal at a chosen step."""

import asyncio
import json
import os
import random
import sys
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import Signals
from typing import Any

from deltalake import DeltaTable, write_deltalake
from prometheus_client import CollectorRegistry

from libs.chassis.consumers import Parked
from libs.chassis.consumers.dlq import DeadLetters
from libs.chassis.kafka import Kafka
from libs.chassis.stores import open_stores
from services.analytics.erasure import Erasure
from services.analytics.intake import Batch, Intake
from services.analytics.lake import Lake, Landed
from services.analytics.meters import Meters
from services.analytics.pseudonyms import Names, Pseudonyms
from services.analytics.rows import Row, table_of
from services.analytics.setaside import SetAside
from services.analytics.settings import Settings
from services.analytics.sift import Slice
from services.analytics.sink import Sink

STEPS = ("read", "named", "checked", "writing", "landed", "told")


@dataclass(frozen=True)
class Orders:
    kafka_url: str
    database_url: str
    keys_url: str
    lake_url: str
    topics: tuple[str, ...]
    group: str
    step: str = ""  # one of STEPS
    after: int = 2  # times that it gets there unharmed
    signal: str = "SIGKILL"
    naive: str = ""  # "path", "fresh handle": what the rows are written through; else as the sink does
    survived: str = ""  # a file to make once an append was over that the signal had interrupted

    def argv(self) -> list[str]:
        return [sys.executable, "-m", __spec__.name if __spec__ else __name__, json.dumps(asdict(self))]


class Fate:
    """Decides when."""

    def __init__(self, orders: Orders) -> None:
        self._orders, self._times = orders, 0

    def reaches(self, step: str) -> None:
        if step == self._orders.step:
            self._times += 1
            if self._times == self._orders.after + 1:
                self.strike()

    def strike(self) -> None:
        os.kill(os.getpid(), Signals[self._orders.signal])
        time.sleep(0.2)  # a stop reaches the other threads first, and this one a moment later

    @property
    def struck(self) -> bool:
        return self._times > self._orders.after


class DoomedIntake(Intake):
    fate: Fate

    async def batch(self, stop: asyncio.Event) -> Batch:
        batch = await super().batch(stop)
        if batch:
            self.fate.reaches("read")
        return batch

    async def landed(self, slices: Sequence[Slice]) -> None:
        self.fate.reaches("landed")
        await super().landed(slices)
        self.fate.reaches("told")


class DoomedPseudonyms(Pseudonyms):
    fate: Fate

    async def of(self, users: Collection[str]) -> Names:
        names = await super().of(users)
        self.fate.reaches("named")
        return names


class DoomedLake(Lake):
    fate: Fate
    orders: Orders

    def append(self, slices: Sequence[Slice]) -> Landed:
        if self.orders.step == "writing":
            threading.Thread(target=self._in_a_moment, daemon=True).start()
        landed = super().append(slices)
        if self.fate.struck and self.orders.survived:
            Path(self.orders.survived).touch()
        return landed

    def _there(self, suspects: Sequence[Row]) -> set[str]:
        there = super()._there(suspects)
        self.fate.reaches("checked")
        return there

    def _in_a_moment(self) -> None:
        time.sleep(random.uniform(0, 0.03))
        self.fate.reaches("writing")


class NaiveLake(DoomedLake):
    """Checks as the sink does, then writes through the path, or a handle of this moment, as the examples do."""

    def _write(self, rows: Sequence[Row], properties: Any) -> None:
        target: Any = self.orders.lake_url
        if self.orders.naive == "fresh handle":
            target = DeltaTable(target)
        write_deltalake(target, table_of(rows), mode="append", commit_properties=properties)


async def main(orders: Orders) -> None:
    kafka, meters, fate = Kafka.parse(orders.kafka_url), Meters(CollectorRegistry()), Fate(orders)
    lake = (NaiveLake if orders.naive else DoomedLake).open(orders.lake_url)
    assert isinstance(lake, DoomedLake)
    lake.fate, lake.orders = fate, orders
    consumer = kafka.reader(group_id=orders.group, group_instance_id=f"{orders.group}-0")
    intake = DoomedIntake(consumer, orders.topics, Lake.open(orders.lake_url), meters, rows=40, seconds=0.05)
    intake.fate = fate
    where = Settings(database_url=orders.database_url, keys_url=orders.keys_url)
    async with open_stores("analytics", where) as stores:
        pseudonyms = DoomedPseudonyms(stores.pool)
        pseudonyms.fate = fate
        aside = SetAside(DeadLetters(kafka, "analytics", 10), Parked(stores.pool), meters)
        erasure = Erasure(stores.store, stores.keys)
        await Sink(intake, lake, pseudonyms, erasure, aside, meters).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(Orders(**json.loads(sys.argv[1]))))
