"""Fault 11: SIGKILL after the tables are committed and before the offsets are. One effect per event all the same."""

import asyncio
import signal
import sys
from pathlib import Path
from uuid import UUID

import pytest

from libs.contracts.cloudevents import Envelope
from libs.contracts.social import ProfileOpen
from tests.libs.chassis.house import House, opened, record
from tests.waiting import until

PROGRAM = "tests.faults.consumers.consumer_process"


async def test_a_consumer_killed_before_its_offset_commit_repeats_no_effect(house: House, tmp_path: Path) -> None:
    await _night(house, "heard", tmp_path, events=300, kills=2)


async def test_control_without_the_inbox_the_killed_consumer_repeats_effects(house: House, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="more than once"):
        await _night(house, "naive", tmp_path, events=300, kills=2)


@pytest.mark.faults
async def test_a_consumer_killed_again_and_again_repeats_no_effect(house: House, tmp_path: Path) -> None:
    await _night(house, "heard", tmp_path, events=20_000, kills=25)


async def _night(house: House, mode: str, folder: Path, *, events: int, kills: int) -> None:
    """Kill the consumer `kills` times while `events` arrive, then let it finish, and check."""
    sent = [opened() for _ in range(events)]
    left = folder / "kills"
    left.write_text(str(kills))
    sending = asyncio.create_task(house.send(ProfileOpen.NAME, [record(each) for each in sent]))
    died = 0
    while True:
        process = await _start(house, mode, left)
        ended = asyncio.create_task(process.wait())
        done = asyncio.create_task(until(lambda: _has_all(house, sent), 120))
        await asyncio.wait({ended, done}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            break
        done.cancel()
        died += 1
        assert ended.result() == -signal.SIGKILL
    await sending
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(ended, 30)
    assert died == kills
    check(await house.effects(), sent)


def check(effects: dict[UUID, int], sent: list[Envelope]) -> None:
    """Every event had its effect once."""
    assert not {each.id for each in sent} - effects.keys(), "effects are missing"
    assert not {id for id, count in effects.items() if count > 1}, "effects happened more than once"


async def _has_all(house: House, sent: list[Envelope]) -> bool:
    count = await house.pool.fetchval("select count(distinct event_id) from effects")
    return bool(count == len(sent)) and await house.committed() == len(sent)


async def _start(house: House, mode: str, kills: Path) -> asyncio.subprocess.Process:
    arguments = (mode, house.name, house.kafka_url, house.urls.runtime, str(kills))
    return await asyncio.create_subprocess_exec(sys.executable, "-m", PROGRAM, *arguments)
