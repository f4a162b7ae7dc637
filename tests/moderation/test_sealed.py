"""Sealed evidence: opened for moderators alone, each look is entered, and only what was told is shown."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from libs.evidence.canonical import canonical, digest
from libs.evidence.seal import address_of, seal
from libs.evidence.shelf import Shelf
from tests.api import issuing
from tests.moderation.api import Api, here, problem
from tests.moderation.house import House, house_at
from tests.moderation.people import ANN, BOB, CAT, LOUNGE, MAX, NINE, after
from tests.moderation.sealing import SAID, sealed_for, tells

YEAR = timedelta(days=365)


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
async def own(house: House, box: Path) -> AsyncIterator[House]:
    async with house_at(house.urls, evidence_url=f"file://{box}") as made:
        yield made


@pytest.fixture
async def api(house: House, box: Path) -> AsyncIterator[Api]:
    settings = {"evidence_url": f"file://{box}"}
    async with issuing() as issuer, here(house.urls, issuer, lambda: house.now, **settings) as http:
        yield Api(http, issuer, house)


@pytest.fixture
def shelf(box: Path) -> Shelf:
    return Shelf(f"file://{box}")


async def shown(house: House, report: UUID) -> tuple[str, object]:
    found = (await house.moderation.cases.view(report, MAX, NINE)).sealed
    return found.state, found.document


async def test_a_moderator_is_shown_what_was_sealed_and_the_look_is_entered(api: Api, shelf: Shelf) -> None:
    report = await api.house.report(room_id=LOUNGE)
    before = (await api(MAX, "GET", f"/moderation/reports/{report}")).json()["sealed_evidence"]
    assert (before["status"], before["verified"], before["document"]) == ("not_sealed", False, None)
    sha256 = await sealed_for(api.house, shelf, report)
    evidence = (await api(MAX, "GET", f"/moderation/reports/{report}")).json()["sealed_evidence"]
    assert evidence == {
        "status": "sealed",
        "verified": True,
        "sha256": sha256,
        "room_id": str(LOUNGE),
        "from": "2026-02-06T20:58:00Z",
        "to": "2026-02-06T21:00:00Z",
        "document": SAID,
    }
    assert digest(canonical(evidence["document"])) == sha256, "anybody can check"
    views = "select detail ->> 'sealed' from audit where action = 'report_view' and by_user_id = $1 order by detail"
    assert {row[0] for row in await api.house.pool.fetch(views, MAX)} == {None, sha256}


@pytest.mark.parametrize("who", [ANN, BOB, CAT], ids=["who reported", "who was reported", "anybody"])
async def test_nobody_else_is_shown_anything(api: Api, shelf: Shelf, who: UUID) -> None:
    report = await api.house.report(room_id=LOUNGE)
    await sealed_for(api.house, shelf, report)
    assert problem(await api(who, "GET", f"/moderation/reports/{report}")) == (403, "forbidden")
    assert "boo" not in (await api(who, "GET", "/reports/mine")).text
    reported = await api.house.report(CAT, MAX, room_id=LOUNGE)
    await sealed_for(api.house, shelf, reported)
    assert problem(await api(MAX, "GET", f"/moderation/reports/{reported}")) == (404, "not_found"), "about themselves"


async def test_a_document_that_is_gone_or_was_altered_is_not_shown(own: House, shelf: Shelf, box: Path) -> None:
    report = await own.report(room_id=LOUNGE)
    sha256 = await sealed_for(own, shelf, report)
    stored = box / "sealed" / str(report) / sha256
    assert await shown(own, report) == ("sealed", SAID), "the control"
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert await shown(own, report) == ("altered", None)
    key = await own.pool.fetchval("select data ->> 'evidence_key' from events where name = 'report_user'")
    stored.write_bytes(seal(canonical({"facts": []}), key, report))  # the key is no secret; the digest tells
    assert await shown(own, report) == ("altered", None)
    stored.unlink()
    assert await shown(own, report) == ("missing", None)
    stored.parent.rmdir()
    stored.parent.write_text("no folder")
    assert await shown(own, report) == ("unavailable", None)


async def test_another_cases_object_does_not_open(own: House, shelf: Shelf, box: Path) -> None:
    report, other = await own.report(room_id=LOUNGE), await own.report(CAT, BOB, room_id=LOUNGE)
    sha256 = await sealed_for(own, shelf, report)
    await tells(own, other, sha256)
    (box / "sealed" / str(other)).mkdir()
    (box / "sealed" / str(report) / sha256).rename(box / "sealed" / str(other) / sha256)
    assert await shown(own, other) == ("altered", None)


@pytest.mark.parametrize("who", [ANN, BOB], ids=["who reported", "whom it is about"])
async def test_whoever_is_forgotten_the_evidence_of_an_open_case_stays(own: House, shelf: Shelf, who: UUID) -> None:
    report = await own.report(room_id=LOUNGE)
    await sealed_for(own, shelf, report)
    await own.forgets(who)
    assert await shown(own, report) == ("sealed", SAID)


async def test_with_the_cases_key_every_copy_is_unreadable(own: House, shelf: Shelf, box: Path) -> None:
    report = await own.report(room_id=LOUNGE)
    sha256 = await sealed_for(own, shelf, report)
    copy = (box / "sealed" / str(report) / sha256).read_bytes()
    await own.moderation.cases.claim(report, MAX, NINE)
    await own.moderation.cases.resolve(report, MAX, NINE, "no_action")
    own.now = after(1) + YEAR
    await own.timer().look()
    assert not (box / "sealed" / str(report) / sha256).exists()
    await shelf.put(report, sha256, copy)  # somebody kept one
    assert await shown(own, report) == ("key_destroyed", None)
    await own.moderation.evidence.tidy(own.now)


async def test_every_report_has_a_key_of_its_own(house: House) -> None:
    reports = [await house.report(reported=who) for who in (BOB, CAT)]
    told = await house.pool.fetch("select data ->> 'evidence_key' as key from events where name = 'report_user'")
    keys = [await house.keys.find(report) for report in reports]
    assert {row["key"] for row in told} == {address_of(key.recipient()) for key in keys if key}
    assert len(set(reports)) == len({row["key"] for row in told}) == 2


async def test_a_seal_that_is_told_twice_or_for_a_report_nobody_knows_harms_nobody(own: House, shelf: Shelf) -> None:
    report = await own.report(room_id=LOUNGE)
    sha256 = await sealed_for(own, shelf, report)
    await tells(own, report, "00" * 32)
    await tells(own, uuid4(), sha256)
    assert await shown(own, report) == ("sealed", SAID)
