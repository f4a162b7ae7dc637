"""What people send who mean no good, or whose program is broken: the documented answer, and no seat left behind."""

import asyncio
import json
from uuid import UUID

import asyncpg
import httpx2
import pytest

from clients.python import Client, Closed
from clients.python.wire import Wire
from tests.e2e.conftest import Night
from tests.e2e.evening import lounge
from tests.waiting import until

PROBLEM = "https://virtubar.dev/problems/"
HELD = "select count(*) from rooms.seats where user_id = $1"


async def join(client: Client, room: UUID) -> dict[str, str]:
    held = await client.account.request("POST", f"/v1/rooms/{room}/join", json={"device_type": "web"})
    answer: dict[str, str] = held.json()
    return answer


async def closed_with(url: str, *frames: str | bytes) -> int:
    """The close code a socket gets that sends these."""
    over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    wire = await Wire.open(url, lambda _: None, lambda _: None, lambda wire: over.set_result(wire.code))
    for frame in frames:
        wire.send(frame)
    return await asyncio.wait_for(over, 20)


def hello(ticket: str) -> str:
    return json.dumps({"t": "hello", "ticket": ticket})


@pytest.mark.parametrize("spoil", [lambda t: t[:-4] + "AAAA", lambda t: t.rpartition(".")[0] + ".", lambda t: "x"])
async def test_a_forged_token_is_no_token(night: Night, spoil: "object") -> None:
    assert callable(spoil)
    async with night.guest("forged@example.com") as guest:
        token = spoil(await guest.account.token())
    async with httpx2.AsyncClient(base_url=night.gateway) as http:
        answer = await http.get("/v1/me", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["type"]) == (401, PROBLEM + "unauthenticated")


async def test_what_a_socket_should_not_send_costs_the_socket_and_no_seat(night: Night) -> None:
    async with night.guest("hostile@example.com") as guest:
        room = await lounge(guest)
        held = await join(guest, room)
        url, ticket = held["ws_url"], held["ticket"]
        assert await closed_with(url) == 4000  # no hello within 5 s
        assert await closed_with(url, "{}") == 4000
        assert await closed_with(url, b"\x01\x02") == 4000
        assert await closed_with(url, "x" * 1_000_000) == 1009
        assert await closed_with(url, hello("no ticket of ours")) == 4003
        visit = await guest.join(room)  # the same visit with a new ticket; the old one is worth nothing now
        assert await closed_with(url, hello(ticket)) == 4003
        await visit.leave()
        with pytest.raises(Closed):
            await visit.chat("still here?")
        database = await asyncpg.connect(night.bar.status()["postgres"]["admin"])
        try:
            await until(lambda: _none_held(database, guest))
        finally:
            await database.close()


async def _none_held(database: "asyncpg.Connection[asyncpg.Record]", guest: Client) -> bool:
    return bool(await database.fetchval(HELD, guest.account.user_id) == 0)
