"""What was written about a case or a sanction ends some time after it, for good, and everywhere."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from libs.contracts.catalogue import EVENTS
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from services.moderation.projections import CASES
from services.moderation.replicas import OTHERS
from tests.moderation.house import House, house_at
from tests.moderation.people import ANN, BOB, CAT, MAX, MODERATOR, NINE, after
from tests.moderation.test_evidence import objects, picture

YEAR = timedelta(days=365)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


async def judged(house: House) -> dict[str, object]:
    """A case with a picture and a note, whose sanction ended after a minute; and one whose sanction still holds."""
    cases = house.moderation.cases
    evidence = await house.moderation.evidence.hand_in(ANN, picture(), NINE)
    over = await house.report(ANN, BOB, description="He shouted.", evidence_id=evidence)
    open_still = await house.report(CAT, BOB, description="He did.")
    lasting = await house.report(ANN, CAT, description="So did she.")
    for report, who, seconds in ((over, BOB, 60), (lasting, CAT, None)):
        await cases.claim(report, MAX, NINE)
        sanction = await house.sanction(who, "suspend", seconds=seconds, report_id=report, statement="Why.")
        await cases.resolve(report, MAX, NINE, "sanctioned", sanction, "I heard it.")
    house.now = after(60)
    await house.timer().look()
    return {"over": over, "open": open_still, "lasting": lasting}


async def test_a_year_after_its_end_nothing_that_was_written_about_a_case_is_left(house: House, shelf: Path) -> None:
    async with house_at(house.urls, evidence_url=f"file://{shelf}") as own:
        reports = await judged(own)
        own.now = after(59) + YEAR
        await own.timer().look()
        assert len(objects(shelf)) == 1
        own.now = after(60) + YEAR
        await asyncio.gather(*(own.timer().look() for _ in range(3)))
        assert objects(shelf) == []
        left = {row["id"]: row for row in await own.pool.fetch("select * from reports")}
        assert (left[reports["over"]]["description"], left[reports["over"]]["evidence_url"]) == (None, None)
        assert left[reports["over"]]["reporter_user_id"] == ANN
        assert left[reports["open"]]["description"]
        assert left[reports["lasting"]]["description"], "its sanction holds"
        notes = {row["report_id"]: row["note"] for row in await own.pool.fetch("select * from report_notes")}
        assert notes[reports["over"]] is None
        assert notes[reports["lasting"]]
        statements = {row["user_id"]: row["statement"] for row in await own.pool.fetch("select * from sanctions")}
        assert statements[BOB] is None
        assert statements[CAT]
        for stream, name in ((f"report-{reports['over']}", "report_forget"), (f"safety-{BOB}", "sanction_forget")):
            assert (await own.story(stream)).count(name) == 1
        await own.moderation.sanctions.withdraw(
            await own.pool.fetchval("select id from sanctions where user_id = $1", CAT), MODERATOR, own.now
        )
        own.now += YEAR
        await own.timer().look()
        assert await own.pool.fetchval("select count(*) from reports where description is not null") == 1


async def test_what_ended_is_not_to_be_had_from_the_log_either_and_a_rebuild_comes_to_the_same(
    house: House, owner: "asyncpg.Connection[asyncpg.Record]", shelf: Path
) -> None:
    async with house_at(house.urls, evidence_url=f"file://{shelf}") as own:
        reports = await judged(own)
        [token] = await own.pool.fetch("select description from reports where id = $1", reports["over"])
        own.now = after(60) + YEAR
        await own.timer().look()
        texts = own.moderation.cases._texts
        assert await texts.open(token["description"], ANN, reports["over"], about=reports["over"]) is None  # type: ignore[arg-type]
        report = await Rebuild(owner, Reader(own.cipher, EVENTS), [CASES, OTHERS]).compare()
        assert report.differences == []
