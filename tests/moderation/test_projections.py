"""The tables are what the specification says, and what the log comes to: before an erasure and after."""

import io
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from PIL import Image

from libs.contracts.catalogue import EVENTS
from libs.eventstore.erasure import ERASURE
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from libs.eventstore.verify import stream_faults
from services.moderation.deciders import DECIDERS
from services.moderation.projections import CASES
from services.moderation.replicas import OTHERS
from tests.moderation.house import House
from tests.moderation.people import ANN, BOB, CAT, DAN, LOUNGE, MAX, MIA, NINE, SECOND, after

SPECIFIED = {
    "id": ("uuid", False),
    "reporter_user_id": ("uuid", False),
    "reported_user_id": ("uuid", False),
    "room_id": ("uuid", True),
    "report_type": ("text", False),
    "description": ("text", True),
    "evidence_url": ("text", True),
    "status": ("text", False),
    "created_at": ("timestamp with time zone", False),
}
COLUMNS = """
select column_name, data_type, is_nullable = 'YES' as nullable
from information_schema.columns where table_schema = 'moderation' and table_name = 'reports'"""


async def test_the_columns_are_exactly_the_specified_ones(house: House) -> None:
    rows = await house.pool.fetch(COLUMNS)
    assert {row["column_name"]: (row["data_type"], row["nullable"]) for row in rows} == SPECIFIED


async def a_week(house: House) -> None:
    """Something of everything, ending with cases open, claimed and closed, and sanctions in every state."""
    cases, sanctions = house.moderation.cases, house.moderation.sanctions
    picture = await house.moderation.evidence.hand_in(ANN, a_picture(), NINE)
    first = await house.report(ANN, BOB, room_id=LOUNGE, description="He shouted.", evidence_id=picture)
    second, third = await house.report(CAT, BOB, description="He did."), await house.report(BOB, ANN)
    await cases.claim(first, MAX, after(1))
    mute = await house.sanction(BOB, "mute", after(2), seconds=60, report_id=first)
    await cases.resolve(first, MAX, after(3), "sanctioned", mute, "Both of them heard it.")
    await cases.claim(second, MIA, after(4))
    await cases.claim(third, MIA, after(5))
    await cases.release(third, MIA, after(6))
    for kind in ("warn", "suspend", "ban"):
        await house.sanction(DAN, kind, after(7), statement="Once more.")
    ban = await house.pool.fetchval("select id from sanctions where kind = 'ban'")
    await sanctions.approve(ban, SECOND, after(8))
    await sanctions.withdraw(ban, SECOND, after(9))
    await house.sanction(CAT, "ban", after(10))
    house.now = after(100)
    await house.timer().look()


def a_picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(written, "PNG")
    return written.getvalue()


async def differences(house: House) -> Any:
    """Of a session of its own, with which its shadows go."""
    db = await asyncpg.connect(house.urls.owner, server_settings={"search_path": "moderation"})
    try:
        return (await Rebuild(db, Reader(house.cipher, EVENTS), [CASES, OTHERS]).compare()).differences
    finally:
        await db.close()


async def test_every_table_is_what_the_log_comes_to(house: House, owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    await a_week(house)
    assert await differences(house) == []
    known = {**DECIDERS, ERASURE.kind: ERASURE}
    assert [fault async for fault in stream_faults(owner, known)] == []


@pytest.mark.parametrize("user", [ANN, BOB, CAT, MAX], ids=["reporter", "both", "sanctioned", "moderator"])
async def test_after_an_erasure_too(house: House, user: UUID) -> None:
    await a_week(house)
    others = "select id, description from reports where reporter_user_id <> $1 order by id"
    before = await house.pool.fetch(others, user)
    await house.forgets(user)
    assert await differences(house) == []
    assert await house.pool.fetch(others, user) == before
    texts = "select count(*) from reports where reporter_user_id = $1 and description is not null"
    assert await house.pool.fetchval(texts, user) == 0
    house.now = after(1000)
    await house.timer().look()
    assert await differences(house) == []


async def test_a_spoilt_table_is_mended_and_the_audit_log_is_left_alone(
    house: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await a_week(house)
    entries = await house.pool.fetchval("select count(*) from audit")
    await house.pool.execute("update reports set status = 'open', description = 'plain'")
    await house.pool.execute("delete from sanctions where state = 'done'")
    await house.pool.execute("delete from people")
    report = await Rebuild(owner, Reader(house.cipher, EVENTS), [CASES, OTHERS]).merge()
    assert {each.table for each in report.differences} == {"reports", "sanctions", "people"}
    assert await differences(house) == []
    assert await house.pool.fetchval("select count(*) from audit") == entries
