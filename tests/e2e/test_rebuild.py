"""Every table that is kept from events, in every service of a bar that people have been to: lost, and there again."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from cli.verify.sources import KEPT, Service, of_native
from cli.verify.tables import replayed
from deploy.native.native import Native
from libs.eventstore.projections import Replica, Table
from tests.e2e.conftest import Night
from tests.e2e.evening import once_known
from tests.waiting import until

WITHIN = 90  # seconds


def services(night: Night) -> list[Service]:
    return [each for each in of_native(Native.opened(night.bar.root)).services if each.kept.tables]


def replicas(service: str) -> list[Table]:
    parts = [part for part in KEPT[service].tables.values() if isinstance(part, Replica)]
    return [table for part in parts for table in part.tables]


@asynccontextmanager
async def admin(night: Night) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    db = await asyncpg.connect(night.bar.status()["postgres"]["admin"])
    try:
        yield db
    finally:
        await db.close()


async def rows(night: Night) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Of every replica of every service."""
    async with admin(night) as db:
        return {
            f"{service.name}.{table.name}": [
                dict(row) for row in await db.fetch(f"select * from {service.name}.{table.name} t order by t::text")
            ]
            for service in services(night)
            for table in replicas(service.name)
        }


async def lose(night: Night) -> int:
    """Every row of every replica; how many there were."""
    async with admin(night) as db:
        return sum(
            [
                len(await db.fetch(f"delete from {service.name}.{table.name} returning 1"))
                for service in services(night)
                for table in reversed(replicas(service.name))
            ]
        )


async def nothing_differs(night: Night) -> None:
    for service in services(night):
        report = await replayed(service, merge=False)
        assert (service.name, report.differences) == (service.name, [])
        assert report.events + report.heard > 0


async def test_every_service_has_its_tables_again_before_and_after_somebody_is_erased(night: Night) -> None:
    async with night.guest("stays@example.com") as stays, night.guest("goes@example.com") as goes:
        here, gone = stays.account.user_id, goes.account.user_id
        assert here
        assert gone
        await once_known(lambda: stays.people.befriend(gone))
        await goes.people.befriend(here)
        await goes.people.mute(here)
        await nothing_differs(night)
        receipt = await goes.account.erase()

        async def is_done() -> bool:
            return (await stays.account.erasure(receipt)).status == "done"

        await until(is_done, within=WITHIN, every=0.2)
    await nothing_differs(night)
    before = await rows(night)
    lost = await lose(night)
    assert lost == sum(map(len, before.values())) > 0
    mended = [await replayed(service, merge=True) for service in services(night)]
    assert [each.kind for report in mended for each in report.differences] == ["missing"] * lost
    assert await rows(night) == before
    assert not [table for table, kept in before.items() if "pairs" in table and str(gone) in str(kept)]
