"""The audit log: every act and every view is in it, chained once, and nothing of it can be changed unnoticed."""

import asyncio
from collections.abc import Sequence
from datetime import UTC
from hashlib import sha256
from typing import Any

import asyncpg
import orjson
import pytest

from cli.verify.report import Report
from cli.verify.sources import KEPT, Service
from cli.verify.tables import check
from services.moderation.audit import GENESIS
from services.moderation.chain import Chain
from services.moderation.deciders.refusals import Outranked
from services.moderation.proof import audit_faults
from tests.moderation.house import House
from tests.moderation.people import ANN, BOB, LOUNGE, MAX, MIA, NINE, OPERATOR, SECOND, after

SAID = "A canary, in words."


async def a_shift(house: House) -> None:
    """Something of everything that moderators do."""
    report, cases = await house.report(room_id=LOUNGE, description=SAID), house.moderation.cases
    await cases.view(report, MAX, after(1))
    await cases.claim(report, MAX, after(2))
    mute = await house.sanction(BOB, "mute", after(3), seconds=60, report_id=report, statement=SAID)
    await cases.resolve(report, MAX, after(4), "sanctioned", mute, SAID)
    await house.moderation.record_of(BOB, MIA, after(5))
    ban = await house.sanction(BOB, "ban", after(6), statement=SAID)
    await house.moderation.sanctions.approve(ban, SECOND, after(7))
    await house.moderation.sanctions.withdraw(ban, OPERATOR, after(8))
    house.now = after(100)
    await house.timer().look()


@pytest.fixture
async def chained(house: House) -> House:
    await a_shift(house)
    while await house.chain().advance():
        pass
    return house


async def test_every_act_and_every_view_is_entered_and_chained(
    chained: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    rows = await chained.pool.fetch("select * from audit order by seq")
    assert [row["action"] for row in rows] == [
        *("report_view", "report_claim", "sanction_impose", "report_resolve", "user_view"),
        *("sanction_propose", "sanction_approve", "sanction_withdraw", "sanction_expire"),
    ]
    assert [row["seq"] for row in rows] == list(range(1, 10))
    assert rows[-1]["by_user_id"] is None
    assert await audit_faults(owner) == []


async def test_anybody_can_compute_the_hashes_from_what_the_log_says(chained: House) -> None:
    """By the words of the README alone."""
    hash = sha256(b"virtubar audit 1").digest()
    for row in await chained.pool.fetch("select * from audit order by seq"):
        said: dict[str, Any] = {
            "about_user_id": row["about_user_id"] and str(row["about_user_id"]),
            "action": row["action"],
            "at": row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"),
            "by_user_id": row["by_user_id"] and str(row["by_user_id"]),
            "detail": dict(sorted(row["detail"].items())),
            "entry_id": str(row["entry_id"]),
            "object_id": str(row["object_id"]),
            "seq": row["seq"],
        }
        hash = sha256(hash + orjson.dumps(said)).digest()
        assert row["hash"] == hash


async def test_nothing_that_anybody_wrote_is_in_it(chained: House) -> None:
    assert "canary" not in str(await chained.pool.fetchval("select string_agg(audit::text, ' ') from audit"))


async def test_what_is_refused_leaves_no_entry(house: House) -> None:
    with pytest.raises(Outranked):
        await house.sanction(MIA)
    assert await house.pool.fetchval("select count(*) from audit") == 0


async def test_the_service_itself_can_change_and_delete_nothing(chained: House) -> None:
    for attempt in ("delete from audit", "update audit set action = 'user_view'", "delete from audit_head"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await chained.pool.execute(attempt)


async def test_any_number_of_leaders_chain_each_entry_once_while_work_goes_on(
    house: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    stop = asyncio.Event()
    leaders = [asyncio.create_task(Chain(house.pool).run(stop)) for _ in range(4)]
    reports = [await house.report(reporter, BOB) for reporter in (ANN, MAX)]
    await asyncio.gather(*(house.moderation.cases.view(reports[n % 2], MIA, NINE) for n in range(60)))
    for _ in range(10):
        await house.chain().advance()
    stop.set()
    await asyncio.gather(*leaders)
    assert await house.pool.fetchval("select array_agg(seq order by seq) from audit") == list(range(1, 61))
    assert await audit_faults(owner) == []


SWAP = (
    "update audit set seq = -seq where seq in (2, 3)",
    "update audit set seq = case seq when -2 then 3 else 2 end where seq < 0",
)
REHASH_NOTHING = "update audit_head set seq = seq - 1, hash = (select hash from audit where seq = audit_head.seq - 1)"


SPOILT: list[tuple[Sequence[str], str]] = [
    (["update audit set by_user_id = null where seq = 2"], "audit: entry 2 is not the one that was chained"),
    (
        ["update audit set at = at + interval '1 us' where seq = 4"],
        "audit: entry 4 is not the one that was chained",
    ),
    (
        ["""update audit set detail = detail || '{"kind": "warn"}' where seq = 3"""],
        "audit: entry 3 is not the one that was chained",
    ),
    (["update audit set hash = decode(repeat('00', 32), 'hex') where seq = 5"], "audit: entry 5 is not the one"),
    (["delete from audit where seq = 5"], "audit: entry 5 is missing"),
    (["delete from audit where seq in (5, 6)"], "audit: entries 5 to 6 are missing"),
    (["delete from audit where seq = 1"], "audit: entry 1 is missing"),
    (["delete from audit where seq = 9"], "audit: entry 9 is missing"),
    (SWAP, "audit: entry 2 is not the one that was chained"),
    (["delete from audit where seq = 9", REHASH_NOTHING], "audit: sanction_lift "),
    (["update audit_head set seq = 0"], "audit: the chain ends at 9, and its head says 0"),
]


async def test_an_entry_that_was_changed_deleted_or_put_elsewhere_is_found(
    chained: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    for spoil, said in SPOILT:
        undone = owner.transaction(isolation="repeatable_read")
        await undone.start()
        for statement in spoil:
            await owner.execute(statement)
        found = await audit_faults(owner)
        await undone.rollback()
        assert any(each.startswith(said) for each in found), (spoil, found)
    assert await audit_faults(owner) == []


async def test_a_chain_that_was_made_anew_over_a_changed_entry_is_found_by_the_act_it_told_of(
    chained: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await owner.execute("update audit set by_user_id = $1 where seq = 3", MIA)
    await owner.execute("update audit set seq = null, hash = null; delete from audit_head")
    assert await chained.chain().advance() == 9
    [said] = await audit_faults(owner)
    assert said.startswith("audit: sanction_user ")
    assert said.endswith("is told of otherwise")


async def test_control_an_untouched_log_has_no_faults_and_an_empty_one_neither(
    house: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    assert await audit_faults(owner) == []
    await a_shift(house)
    assert await audit_faults(owner) == [], "what is not chained yet is no fault"
    assert sha256(b"virtubar audit 1").digest() == GENESIS


async def test_verify_looks_at_it(chained: House, owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    service, clean, spoilt = (
        Service("moderation", chained.urls.owner, chained.urls.keys, KEPT["moderation"]),
        Report(),
        Report(),
    )
    await check(service, clean)
    assert clean.problems == []
    await owner.execute("delete from audit where seq = 4")
    await check(service, spoilt)
    assert [said.partition(" has no entry")[0][:30] for said in spoilt.problems] == [
        "moderation: audit: entry 4 is ",
        "moderation: audit: report_reso",
    ]
