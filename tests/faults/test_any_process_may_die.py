"""A whole bar in split roles, full of guests: whichever process is killed, nothing is lost, nothing told twice."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from redis.asyncio import Redis

from cli.demo.host import Host
from cli.demo.post import code_reader
from clients.python import Client
from deploy.bar import processes
from deploy.native.native import Native
from libs.chassis.postgres import connect
from tests.faults.load import LONG
from tests.rooms.checker import checked
from tests.stack import OpenBar, open_bar
from tests.waiting import until

GUESTS, EVENING = 10, 8.0  # seconds
NODES = 2
OURS = [process.name for process in processes(split=True, nodes=2)]
SOME = ["rooms-node-1", "moderation-relay", "kafka", "postgres"]
ALL = [*OURS, "gateway", "mail", "redis", "kafka", "postgres"]
"""Every process there is, which the first test makes sure of."""
GUARDED = (
    "/v1/me",
    "/v1/profiles/me",
    "/v1/presence?ids=00000000-0000-0000-0000-000000000001",
    "/v1/reports/mine",
    "/v1/wallet",
)
"""Something of every service that only somebody who is signed in gets."""


@pytest.fixture(scope="module")
def split_bar() -> Iterator[OpenBar]:
    with open_bar("--nodes", str(NODES), VIRTUBAR_SPLIT="1") as bar:
        yield bar


def host(bar: OpenBar, guests: int = GUESTS, length: float = EVENING) -> Host:
    return Host(Native.opened(bar.root), guests, length)


def verdict(bar: OpenBar) -> dict[str, Any]:
    printed = bar.virtubar("verify", "--json")
    assert printed.stdout, printed.stderr
    found: dict[str, Any] = json.loads(printed.stdout)
    assert (printed.returncode == 0) == found["clean"]
    return found


async def when_full(party: Host) -> None:
    """The evening is under way: people are in, and events come."""
    await until(lambda: party.evening.inside >= GUESTS // 2 and party.evening.words > 0, within=60)


def test_every_process_of_the_bar_is_killed_in_the_long_run(split_bar: OpenBar) -> None:
    assert {entry["name"] for entry in split_bar.status()["services"]} == set(ALL)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("names", [[name] for name in ALL] if LONG else [SOME], ids=" ".join)
async def test_killed_in_the_middle_of_an_evening(split_bar: OpenBar, names: list[str]) -> None:
    """Each in an evening of its own when there is time, else one after another."""
    party = host(split_bar)
    evening = asyncio.create_task(party.hold(lambda elapsed: None))
    await when_full(party)
    for name in names:
        before = split_bar.process(name)["pid"]
        os.kill(before, signal.SIGKILL)
        await until(lambda: split_bar.process(name)["pid"] not in (None, before), within=180, every=0.2)  # noqa: B023
    await evening  # every guest got through it, and home
    await until(lambda: all(entry["ready"] for entry in split_bar.status()["services"]), within=180, every=0.2)
    assert party.evening.gone == GUESTS
    found = await asyncio.to_thread(verdict, split_bar)
    assert found["clean"], found["problems"]
    assert found["events"]["room_join"]["committed"] >= GUESTS
    async with await connect(Native.opened(split_bar.root).database_url("rooms"), "rooms", size=1) as pool:
        assert (await checked(pool)).clean, "one seat for each guest, no room over its capacity, every visit ended once"


async def test_whose_session_is_over_is_let_in_nowhere_though_every_api_starts_anew(split_bar: OpenBar) -> None:
    status = split_bar.status()
    async with Client(status["gateway"]) as guest:
        await guest.sign_in("over@example.com", code_reader(Native.opened(split_bar.root).mailbox))
        token = await guest.account.token()

        async def answers() -> set[int]:
            async with httpx2.AsyncClient(base_url=status["gateway"], timeout=15) as http:
                headers = {"authorization": f"Bearer {token}"}
                return {(await http.get(path, headers=headers)).status_code for path in GUARDED}

        async def let_in() -> bool:
            return await answers() == {200}

        async def kept_out() -> bool:
            said = await answers()
            assert not restarted or 200 not in said, "not even for a moment"
            return said == {401}

        restarted = False
        await until(let_in, within=60)
        await guest.account.sign_out()
        await until(kept_out, within=60)
        restarted = True
        apis = [f"{name}-api" for name in ("identity", "social", "rooms", "moderation", "inventory")]
        before = {name: split_bar.process(name)["pid"] for name in apis}
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        for name, pid in before.items():
            await until(lambda: split_bar.process(name)["pid"] not in (None, pid), within=180, every=0.2)  # noqa: B023
        await until(kept_out, within=60)


async def test_redis_forgets_everything_and_rosters_are_right_again(split_bar: OpenBar) -> None:
    party = host(split_bar, length=20.0)
    evening = asyncio.create_task(party.hold(lambda elapsed: None))
    await when_full(party)
    async with Redis.from_url(split_bar.status()["redis"]) as redis:
        await redis.flushall()

        async def rosters_are_back() -> bool:
            """Sampled between joins and leaves, so it must agree once, not always."""
            members = {room: await redis.scard(f"room:{room}:members") for room in party.evening.floors}
            return party.evening.inside > 0 and members == {r: f.guests for r, f in party.evening.floors.items()}

        await until(rosters_are_back, within=15)
    await evening
    found = await asyncio.to_thread(verdict, split_bar)
    assert found["clean"], found["problems"]
