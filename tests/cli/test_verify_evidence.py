"""`virtubar verify` opens what was sealed: a missing object, an altered one and a lost key are named."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cli.verify.evidence import check
from cli.verify.report import Report
from cli.verify.sources import Service, Sources
from libs.evidence.seal import seal
from libs.evidence.shelf import Shelf
from services.rooms.deciders.evidence import EVIDENCE, Seal, evidence_stream
from tests.conftest import Database
from tests.moderation.house import House, house_at, peopled
from tests.moderation.people import BOB, CAT, DAN, LOUNGE, MAX, NINE, after
from tests.moderation.sealing import sealed_for
from tests.rooms.house import House as Rooms
from tests.rooms.house import house_at as rooms_at


@pytest.fixture
async def rooms(database: Database) -> AsyncIterator[Rooms]:
    async with rooms_at(await database("rooms")) as made:
        yield made


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
async def house(database: Database, box: Path) -> AsyncIterator[House]:
    async with house_at(await database("moderation"), evidence_url=f"file://{box}") as made:
        yield await peopled(made)


async def problems(rooms: Rooms, house: House, box: Path) -> list[str]:
    services = [
        Service("rooms", rooms.urls.owner, rooms.urls.keys),
        Service("moderation", house.urls.owner, house.urls.keys),
    ]
    report = Report()
    await check(Sources(services, "", "", "", f"file://{box}"), report)
    return report.problems


async def sealed(rooms: Rooms, house: House, box: Path, reported: UUID) -> tuple[UUID, Path]:
    """A report, and its object."""
    report = await house.report(reported=reported, room_id=LOUNGE)
    sha256 = await sealed_for(house, Shelf(f"file://{box}"), report)
    await told(rooms, report, sha256)
    return report, box / "sealed" / str(report) / sha256


async def told(rooms: Rooms, report: UUID, sha256: str) -> None:
    command = Seal(report, LOUNGE, sha256, NINE - timedelta(seconds=120), NINE)
    await rooms.store.execute(EVIDENCE, evidence_stream(report), command, at=NINE)


async def test_what_is_whole_is_no_problem_and_what_is_not_is_named(rooms: Rooms, house: House, box: Path) -> None:
    whole, _ = await sealed(rooms, house, box, BOB)
    gone, at = await sealed(rooms, house, box, CAT)
    altered, place = await sealed(rooms, house, box, DAN)
    assert await problems(rooms, house, box) == [], "the control"
    at.unlink()
    key = await house.pool.fetchval(
        "select data ->> 'evidence_key' from events where stream_id = $1", f"report-{altered}"
    )
    place.write_bytes(seal(b'{"facts":[]}', key, altered))
    await told(rooms, unknown := uuid4(), "1f" * 32)
    assert await problems(rooms, house, box) == [
        f"evidence: report {gone}: the sealed object is missing",
        f"evidence: report {altered}: the sealed object is not what was sealed",
        f"evidence: report {unknown}: sealed, and nobody reported anything",
    ]
    await house.keys.destroy(whole)
    assert f"evidence: report {whole}: the key of a case that is not over is gone" in await problems(rooms, house, box)


async def test_a_case_that_is_over_has_no_object_and_that_is_no_problem(rooms: Rooms, house: House, box: Path) -> None:
    report, _ = await sealed(rooms, house, box, BOB)
    await house.moderation.cases.claim(report, MAX, NINE)
    await house.moderation.cases.resolve(report, MAX, NINE, "no_action")
    house.now = after(1) + timedelta(days=365)
    await house.timer().look()
    assert await house.keys.find(report) is None
    assert await problems(rooms, house, box) == []
