"""Sanctions: rows, rank, approval by two, and reasons that outlive whoever they are about."""

import asyncio
from uuid import uuid4

import pytest

from libs.chassis.problems import Invalid
from libs.contracts.identity import RoleRevoke
from libs.eventstore.store import Once
from services.moderation.deciders.refusals import NotFound, NotProposed, Outranked, SameModerator
from services.moderation.sanctions import Order
from tests.moderation.house import House
from tests.moderation.people import (
    ANN,
    BOB,
    CAT,
    DANCE,
    LOUNGE,
    MAX,
    MIA,
    MODERATOR,
    NINE,
    OLA,
    OPERATOR,
    SECOND,
    after,
)

WHY = "You shouted a canary at people."


async def test_a_sanction_is_a_row_its_reasons_are_sealed_and_its_person_may_read_them(house: House) -> None:
    sanction = await house.sanction(BOB, "room_ban", room_id=LOUNGE, seconds=60, statement=WHY)
    row = await house.pool.fetchrow("select * from sanctions where id = $1", sanction)
    assert row is not None
    assert (row["state"], row["imposed_at"], row["until"]) == ("in_force", NINE, after(60))
    assert "canary" not in row["statement"]
    [mine] = await house.moderation.sanctions_of(BOB, None, 10)
    assert mine.stated.statement == WHY
    assert await house.moderation.sanctions_of(ANN, None, 10) == []
    assert await house.story(f"safety-{BOB}") == ["sanction_user", "sanction_statement"]


async def test_nobody_is_sanctioned_by_their_equals_as_roles_were_heard(house: House) -> None:
    for target in (MIA, OLA):
        with pytest.raises(Outranked):
            await house.sanction(target)
    await house.sanction(MIA, by=OPERATOR)
    await house.hears(RoleRevoke(user_id=MIA, role="moderator"), version=3)
    await house.employs(MIA, "moderator")  # heard late: it came before
    await house.sanction(MIA)


async def test_whom_or_where_nobody_has_heard_of_is_not_found(house: House) -> None:
    await house.forgets(CAT)
    for attempt in (
        house.sanction(uuid4()),
        house.sanction(CAT),
        house.sanction(BOB, "room_ban", room_id=DANCE),
        house.moderation.sanctions.approve(uuid4(), SECOND, NINE),
        house.moderation.sanctions.withdraw(uuid4(), SECOND, NINE),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_a_sanction_goes_back_to_a_report_about_that_person_and_no_other(house: House) -> None:
    report = await house.report(ANN, BOB)
    with pytest.raises(Invalid):
        await house.sanction(CAT, report_id=report)
    await house.sanction(BOB, report_id=report)


async def test_a_ban_for_good_takes_two_and_until_then_nobody_outside_hears_of_it(house: House) -> None:
    order = Order(BOB, "ban", "hate", WHY)
    ban, status = await house.moderation.sanctions.impose(order, MODERATOR, NINE)
    assert (status, await house.state(ban)) == (202, "needs_second_approver")
    assert await house.moderation.sanctions_of(BOB, None, 10) == []
    with pytest.raises(SameModerator):
        await house.moderation.sanctions.approve(ban, MODERATOR, NINE)
    approve = house.moderation.sanctions.approve
    await asyncio.gather(*(approve(ban, SECOND, after(1)) for _ in range(4)))
    row = await house.pool.fetchrow("select * from sanctions where id = $1", ban)
    assert row is not None
    assert (row["state"], row["by_user_id"], row["approved_by_user_id"]) == ("in_force", MAX, MIA)
    assert (await house.story(f"safety-{BOB}")).count("sanction_user") == 1
    with pytest.raises(NotProposed):
        await approve(ban, OPERATOR, after(2))
    other = await house.sanction(CAT, "ban")
    await house.moderation.sanctions.withdraw(other, MODERATOR, after(3))
    assert await house.state(other) == "withdrawn"
    assert await house.moderation.sanctions_of(CAT, None, 10) == []
    assert await house.story(f"safety-{CAT}") == ["sanction_propose", "sanction_statement", "sanction_drop"]


async def test_a_withdrawn_sanction_is_lifted_once(house: House) -> None:
    sanction = await house.sanction()
    withdraw = house.moderation.sanctions.withdraw
    await asyncio.gather(*(withdraw(sanction, by, after(1)) for by in (MODERATOR, SECOND, OPERATOR)))
    assert (await house.story(f"safety-{BOB}")).count("sanction_lift") == 1
    assert await house.state(sanction) == "withdrawn"


async def test_a_repeated_request_is_one_sanction_with_the_same_status(house: House) -> None:
    for user, kind, status in ((BOB, "mute", 201), (CAT, "ban", 202)):
        once, order = Once(MAX, f"k-{kind}", b"\0" * 32), Order(user, kind, "spam", WHY)  # type: ignore[arg-type]
        first = await house.moderation.sanctions.impose(order, MODERATOR, NINE, once)
        assert first[1] == status
        assert await house.moderation.sanctions.impose(order, MODERATOR, after(1), once) == first
        before = await house.pool.fetchval("select count(*) from events")
        await house.pool.execute("delete from idempotency")
        assert await house.moderation.sanctions.impose(order, MODERATOR, after(2), once) == first
        assert await house.pool.fetchval("select count(*) from events") == before, "known by its id"


async def test_an_offender_who_is_forgotten_takes_no_reasons_along(house: House) -> None:
    report = await house.report(ANN, BOB, description="He shouted.")
    cases = house.moderation.cases
    await cases.claim(report, MAX, NINE)
    mute = await house.sanction(BOB, "mute", seconds=60, statement=WHY, report_id=report)
    await cases.resolve(report, MAX, NINE, "sanctioned", mute, "He did.")
    await house.forgets(BOB)
    assert (await house.moderation.sanctions.get(mute)).statement == WHY
    file = await cases.view(report, MAX, NINE)
    assert (file.description, [note.note for note in file.notes]) == ("He shouted.", ["He did."])
    house.now = after(61)
    await house.timer().look()
    assert await house.state(mute) == "expired"
