"""`virtubar dlq` against a running consumer and its tables."""

import asyncio
import json
import sys
from typing import Any
from uuid import uuid4

from libs.contracts.cloudevents import Envelope
from libs.contracts.social import ProfileOpen
from libs.eventstore.db import Db
from tests.libs.chassis.house import SCHEMA, House, effect, opened, record, running
from tests.waiting import until


async def test_an_operator_looks_retries_and_discards(house: House) -> None:
    broken = True
    viewer = uuid4()
    poison, later, hopeless = opened(viewer), opened(viewer, version=2), opened()

    async def handler(db: Db, envelope: Envelope) -> None:
        if envelope.id == hopeless.id or (broken and envelope.id == poison.id):
            raise ValueError
        await effect(db, envelope)

    consumers = house.consumers()
    consumers.replica(ProfileOpen, handler)
    async with running(consumers):
        await house.send(ProfileOpen.NAME, [record(each) for each in (poison, later, hopeless)])
        await until(lambda: _parked(house, 3))

        status, first, _ = await _dlq(house, "list", SCHEMA, "--json")
        listed: list[dict[str, Any]] = json.loads(first)
        assert status == 0
        assert [(each["kind"], each["behind"], each["origin"]) for each in listed] == [
            ("permanent", 1, "profile_open/0@0"),
            ("permanent", 0, "profile_open/0@2"),
        ]
        number, other = str(listed[0]["id"]), str(listed[1]["id"])

        _, shown, _ = await _dlq(house, "show", SCHEMA, number)
        assert json.loads(shown)["headers"]["ce_id"] == str(poison.id)

        status, _, said = await _dlq(house, "retry", SCHEMA, number)
        assert status == 1
        assert "ValueError" in said
        broken = False
        status, _, said = await _dlq(house, "retry", SCHEMA, number)
        assert status == 0, said
        assert await house.effects() == {poison.id: 1, later.id: 1}

        assert (await _dlq(house, "discard", SCHEMA, other))[0] == 0
        assert (await _dlq(house, "discard", SCHEMA, other))[0] == 1
        assert "no dead letters" in (await _dlq(house, "list", SCHEMA))[1]
    assert await house.effects() == {poison.id: 1, later.id: 1}


async def test_a_retry_that_nobody_takes_says_what_to_look_at(house: House) -> None:
    consumers = house.consumers()
    consumers.replica(ProfileOpen, effect)
    async with running(consumers):
        await house.send(ProfileOpen.NAME, [record(opened(), value=b"{")])
        await until(lambda: _parked(house, 1))
    status, _, said = await _dlq(house, "retry", SCHEMA, "--wait", "0.3")
    assert status == 1
    assert f"see that the consumers of {SCHEMA} run" in said
    status, _, said = await _dlq(house, "list", "bartenders")
    assert status == 1
    assert "there is no service bartenders" in said


async def _dlq(house: House, *words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        "dlq",
        *words,
        env={"VIRTUBAR_DATABASE_URL": house.urls.runtime, "PATH": ""},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), said.decode()


async def _parked(house: House, count: int) -> bool:
    return bool(await house.pool.fetchval("select count(*) from parked") == count)
