"""A lake that is taken away under a running sink: it says so and ends, instead of waiting for what never comes back."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake.exceptions import TableNotFoundError
from prometheus_client import CollectorRegistry

from libs.contracts.cloudevents import Envelope
from services.analytics.lake import Lake, LakeGone
from services.analytics.meters import Meters
from services.analytics.patience import persist
from tests.analytics.house import House
from tests.analytics.records import happened
from tests.waiting import until


def all_of_it(lake: Path) -> None:
    shutil.rmtree(lake)


def its_log(lake: Path) -> None:
    shutil.rmtree(lake / "_delta_log")


def its_last_commit(lake: Path) -> None:
    max((lake / "_delta_log").glob("*.json")).unlink()


DAMAGE = (all_of_it, its_log, its_last_commit)


@pytest.mark.parametrize("damage", DAMAGE)
async def test_the_sink_ends_with_an_error(house: House, damage: Callable[[Path], None]) -> None:
    def told(first: int) -> list[Envelope]:
        return [house.told(happened("room_join"), position=n) for n in range(first, first + 3)]

    with pytest.raises((LakeGone, TableNotFoundError)):
        async with house.sink() as running:
            await house.tell(told(1))
            await until(lambda: len(house.rows()) == 3, 60)
            damage(house.lake)
            await house.tell(told(4))
            await until(running.done, 60)
            assert isinstance(running.exception(), LakeGone)


def test_a_lake_that_others_wrote_to_is_not_gone(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path))
    lake.recover()
    Lake.open(str(tmp_path))
    lake.recover()


async def test_no_patience_brings_a_lake_back(tmp_path: Path) -> None:
    async def look() -> None:
        raise TableNotFoundError(str(tmp_path))

    with pytest.raises(TableNotFoundError):
        await persist(look, Meters(CollectorRegistry()), "compact")
