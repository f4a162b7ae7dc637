"""After a restore, positions are used again: the timeline tells."""

import pytest

from libs.eventstore import timeline
from libs.eventstore.cursor import lead
from libs.eventstore.errors import Deposed
from tests.libs.eventstore.house import House


async def test_a_log_begins_on_its_first_timeline_and_a_bump_begins_the_next(house: House) -> None:
    async with house.session(house.owner) as owner:
        assert await timeline.current(owner) == 1
        assert [await timeline.bump(owner), await timeline.bump(owner)] == [2, 3]
        assert await timeline.current(owner) == 3


async def test_a_bump_deposes_the_relay_that_still_tells_the_old_one(house: House) -> None:
    async with house.session() as leader, house.session(house.owner) as owner:
        cursor = await lead(leader, "kafka")
        assert cursor
        await timeline.bump(owner)
        with pytest.raises(Deposed):
            await cursor.move(leader, 1)
