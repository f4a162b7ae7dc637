"""After a restore positions come again: a new timeline tells those events from the lost ones."""

import json
from uuid import uuid4

from deploy.bar import SERVICES
from tests.e2e.conftest import Night
from tests.waiting import until


async def test_after_a_bump_events_come_from_a_new_source_and_nothing_is_lost(night: Night) -> None:
    numbers = json.loads(night.bar.virtubar("timeline", "bump", "--json").stdout)
    assert set(numbers) == {service.name for service in SERVICES}
    new = f"/virtubar/local/identity/{numbers['identity']}"

    async def told_from_the_new() -> bool:
        """Somebody signs in each time: a relay that led before lets go only after a page under the old name."""
        async with night.guest(f"{uuid4().hex}@example.com"):
            asked = night.bar.virtubar("sql", "--json", "select distinct source from events")
        return asked.returncode == 0 and new in {row["source"] for row in json.loads(asked.stdout)}

    await until(told_from_the_new, within=90, every=1)
    verdict = json.loads(night.bar.virtubar("verify", "--json").stdout)
    assert verdict["clean"], verdict["problems"]
