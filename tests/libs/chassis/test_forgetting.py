"""What is forgotten of answers, and when."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from libs.chassis.forgetting import Forgetting
from libs.chassis.postgres import Pool, connect
from tests.conftest import Database
from tests.waiting import until

NINE = datetime(2026, 2, 6, 21, tzinfo=UTC)
REMEMBER = "insert into idempotency (user_id, key, fingerprint, status, recorded_at) values ($1, $2, '', 201, $3)"


async def test_answers_are_kept_for_as_long_as_they_may_be_asked_for(database: Database) -> None:
    urls, user = await database("inventory"), uuid4()
    async with await connect(urls.runtime, "inventory", size=2) as pool:
        for key, hours in (("old", 25), ("young", 23)):
            await pool.execute(REMEMBER, user, key, NINE - timedelta(hours=hours))
        stop = asyncio.Event()
        running = asyncio.create_task(Forgetting(pool, timedelta(hours=24), lambda: NINE).run(stop))
        await until(lambda: _keys(pool, ["young"]))
        stop.set()
        await running


async def _keys(pool: Pool, expected: list[str]) -> bool:
    rows = await pool.fetch("select key from idempotency")
    return [row["key"] for row in rows] == expected
