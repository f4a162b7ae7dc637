"""Reports: filed once, counted exactly, readable to those who may, and gone with whoever wrote them."""

import asyncio
from uuid import UUID, uuid4

import pytest

from libs.chassis.problems import Invalid, RateLimited
from libs.eventstore.gone import PersonErased
from libs.eventstore.store import Once
from services.moderation.deciders.refusals import Claimed, NotClaimant, NotFound, ReportExists, Resolved, Self
from tests.moderation.house import House, house_at
from tests.moderation.people import ANN, BOB, CAT, DANCE, LOUNGE, MAX, MIA, NINE, after

SAID = "He shouted a canary at me."


async def test_a_report_is_a_row_as_specified_and_its_text_is_sealed(house: House) -> None:
    report = await house.report(room_id=LOUNGE, description=SAID)
    row = await house.pool.fetchrow("select * from reports where id = $1", report)
    assert row is not None
    sealed = row["description"]
    assert dict(row) == {
        "id": report,
        "reporter_user_id": ANN,
        "reported_user_id": BOB,
        "room_id": LOUNGE,
        "report_type": "harassment",
        "description": sealed,
        "evidence_url": None,
        "status": "open",
        "created_at": NINE,
    }
    assert sealed
    assert "canary" not in sealed
    assert (await house.moderation.cases.view(report, MAX, NINE)).description == SAID
    [mine] = await house.moderation.reports_of(ANN, None, 10)
    assert mine.description == SAID
    assert await house.moderation.reports_of(BOB, None, 10) == []


async def test_nobody_reports_themselves(house: House) -> None:
    with pytest.raises(Self):
        await house.report(ANN, ANN)


async def test_people_and_rooms_nobody_has_heard_of_are_not_found(house: House) -> None:
    await house.forgets(CAT)
    for attempt in (house.report(reported=uuid4()), house.report(reported=CAT), house.report(room_id=DANCE)):
        with pytest.raises(NotFound):
            await attempt


async def test_who_is_on_the_way_is_waited_for_a_moment(house: House) -> None:
    async with house_at(house.urls, hearing_seconds=20) as patient:
        newcomer, room = uuid4(), uuid4()
        report = asyncio.create_task(patient.report(reported=newcomer, room_id=room))
        await house.registers(newcomer)
        await house.opens(room)
        assert await house.status(await report) == "open"


async def test_the_same_report_counts_once_until_it_is_judged_though_it_is_filed_many_times_at_once(
    house: House,
) -> None:
    found = await asyncio.gather(*(house.report(room_id=LOUNGE) for _ in range(8)), return_exceptions=True)
    [first] = [each for each in found if isinstance(each, UUID)]
    assert [type(each) for each in found if each != first] == [ReportExists] * 7
    await house.report()  # of no room in particular
    await house.report(CAT, room_id=LOUNGE)
    await house.moderation.cases.claim(first, MAX, NINE)
    with pytest.raises(ReportExists):
        await house.report(room_id=LOUNGE)
    await house.moderation.cases.resolve(first, MAX, NINE, "no_action")
    await house.report(room_id=LOUNGE)


async def test_who_reports_too_much_is_asked_to_wait_exactly(house: House) -> None:
    people = [uuid4() for _ in range(6)]
    await house.registers(*people)
    async with house_at(house.urls, limit_reports=3, report_window_seconds=60) as strict:
        found = await asyncio.gather(
            *(strict.report(reported=who, at=after(n)) for n, who in enumerate(people[:4])), return_exceptions=True
        )
        assert len([each for each in found if isinstance(each, UUID)]) == 3
        with pytest.raises(RateLimited) as limited:
            await strict.report(reported=people[4], at=after(30))
        wait = int(limited.value.headers["retry-after"])
        with pytest.raises(RateLimited):
            await strict.report(reported=people[5], at=after(30 + wait - 1))
        await strict.report(reported=people[5], at=after(30 + wait))
        await strict.report(CAT, people[5], at=after(30))


async def test_a_repeated_request_is_one_report(house: House) -> None:
    once = Once(ANN, "k1", b"\0" * 32)
    assert await house.report(once=once) == await house.report(once=once, at=after(5))
    assert await house.pool.fetchval("select count(*) from reports") == 1


async def test_so_it_is_when_the_case_is_over_and_nobody_remembers_the_answer(house: House) -> None:
    once = Once(ANN, "k1", b"\0" * 32)
    report = await house.report(once=once)
    await house.moderation.cases.claim(report, MAX, after(1))
    await house.moderation.cases.resolve(report, MAX, after(2), "no_action", None, None)
    await house.pool.execute("delete from idempotency")
    assert await house.report(once=once, at=after(9)) == report
    assert await house.pool.fetchval("select count(*) from events where name = 'report_user'") == 1


async def test_of_two_moderators_who_take_a_report_at_once_one_has_it(house: House) -> None:
    report = await house.report()
    cases = house.moderation.cases
    people = [uuid4() for _ in range(8)]
    found = await asyncio.gather(*(cases.claim(report, who, NINE) for who in people), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["Claimed"] * 7 + ["NoneType"]
    assert await house.story(f"report-{report}") == ["report_user", "report_review"]


async def test_a_case_is_claimed_given_back_and_resolved_by_whoever_has_it(house: House) -> None:
    report, cases = await house.report(), house.moderation.cases
    with pytest.raises(NotClaimant):
        await cases.resolve(report, MAX, NINE, "no_action")
    await cases.claim(report, MAX, NINE)
    assert await house.status(report) == "reviewing"
    for attempt in (cases.release(report, MIA, NINE), cases.resolve(report, MIA, NINE, "no_action")):
        with pytest.raises(NotClaimant):
            await attempt
    await cases.release(report, MAX, after(1))
    assert await house.status(report) == "open"
    await cases.claim(report, MIA, after(2))
    with pytest.raises(Claimed):
        await cases.claim(report, MAX, after(3))
    for _ in range(2):
        await cases.resolve(report, MIA, after(4), "no_action", note="Both were shouting.")
    for late in (cases.claim(report, MAX, after(5)), cases.resolve(report, MAX, after(5), "duplicate")):
        with pytest.raises(Resolved):
            await late
    file = await cases.view(report, MAX, after(6))
    assert [(each.by_user_id, each.note) for each in file.notes] == [(MIA, "Both were shouting.")]
    assert [each["name"] for each in file.history] == [
        *("report_user", "report_review", "report_release", "report_review", "report_note", "report_resolve"),
    ]


async def test_a_claim_ends_after_a_quarter_of_an_hour(house: House) -> None:
    report, cases = await house.report(), house.moderation.cases
    await cases.claim(report, MAX, NINE)
    with pytest.raises(NotClaimant):
        await cases.resolve(report, MAX, after(900), "no_action")
    house.now = after(899)
    await house.timer().look()
    assert await house.status(report) == "reviewing"
    house.now = after(900)
    await asyncio.gather(*(house.timer().look() for _ in range(3)))
    assert await house.status(report) == "open"
    assert (await house.story(f"report-{report}")).count("report_release") == 1
    await cases.claim(report, MIA, after(901))


async def test_a_report_ends_in_a_sanction_of_the_reported_person_and_nobody_else(house: House) -> None:
    report, cases = await house.report(), house.moderation.cases
    await cases.claim(report, MAX, NINE)
    with pytest.raises(Invalid):
        await cases.resolve(report, MAX, NINE, "sanctioned", await house.sanction(CAT))
    sanction = await house.sanction(BOB, report_id=report)
    await cases.resolve(report, MAX, NINE, "sanctioned", sanction)
    assert (await cases.view(report, MAX, NINE)).row["sanction_id"] == sanction


async def test_a_reporters_words_end_with_the_reporter_and_the_case_goes_on(house: House) -> None:
    report, other = await house.report(description=SAID), await house.report(CAT, description="Me too.")
    cases = house.moderation.cases
    await cases.claim(report, MAX, NINE)
    await cases.release(report, MAX, NINE)
    await house.forgets(ANN)
    assert await house.pool.fetchval("select description from reports where id = $1", report) is None
    assert (await cases.view(report, MAX, NINE)).description is None
    assert (await cases.view(other, MAX, NINE)).description == "Me too."
    await cases.claim(report, MAX, NINE)
    await cases.resolve(report, MAX, NINE, "no_action")
    with pytest.raises(PersonErased):
        await house.report()
