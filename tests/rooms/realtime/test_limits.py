"""How often somebody may do something: counted over all nodes, so that another node is no new beginning."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from deploy.native.redis import Redis as RedisServer
from libs.chassis.redis import connect
from services.rooms.realtime.limits import Limit, Limits, limit_key
from tests.rooms.realtime.bar import Bar, raw
from tests.rooms.realtime.test_voice import inside, refusal
from tests.waiting import until

AT = 1_800_000_030.0  # in the middle of a minute
CHAT = {"chat": Limit(per_minute=30, burst=8)}


@pytest.fixture
async def client(redis_server: RedisServer) -> "AsyncIterator[Redis]":
    async with connect(redis_server.url("rooms"), decode=False) as made:
        yield made


def said(limits: Limits, user: UUID, at: float, times: int = 40) -> int:
    """How many of so many are let through at once."""
    return [limits.take(user, "chat", at) for _ in range(times)].count(0)


async def test_a_guest_who_changes_nodes_gets_no_fresh_burst(client: "Redis") -> None:
    user, here, there = uuid4(), Limits(client, CHAT), Limits(client, CHAT)
    assert said(here, user, AT) == 8
    await here.flush(AT)
    await there.meet(user, AT)
    assert said(there, user, AT) == 0
    assert said(there, user, AT + 4) == 2  # as many as come back with time
    await there.flush(AT + 4)
    await here.meet(user, AT + 4)
    assert said(here, user, AT + 4) == 0


async def test_the_control_gets_one_on_a_node_that_does_not_ask(client: "Redis") -> None:
    user, here, there = uuid4(), Limits(client, CHAT), Limits(client, CHAT)
    assert said(here, user, AT) == 8
    await here.flush(AT)
    assert said(there, user, AT) == 8


async def test_a_burst_that_escapes_to_another_node_is_paid_back(client: "Redis") -> None:
    """Counts are shared every 50 ms: whoever is faster gets a burst more, and as much less afterwards."""
    user, here, there, honest = uuid4(), Limits(client, CHAT), Limits(client, CHAT), Limits(client, CHAT)
    assert said(here, user, AT) == 8
    await there.meet(user, AT)  # nothing of it is in Redis yet
    assert said(there, user, AT) == 8
    for node in (here, there):
        await node.flush(AT + 0.05)
    through = 0
    for second in range(1, 25):
        through += said(there, user, AT + second, times=2)
        await there.flush(AT + second)
    assert 16 + through <= 8 + 24 / 2 + 1, "what one node would have let through in that time"
    other = uuid4()
    assert said(honest, other, AT) == 8
    await honest.flush(AT)
    assert said(honest, other, AT + 4) == 2, "nobody else pays"


async def test_a_new_minute_is_no_fresh_burst_either(client: "Redis") -> None:
    user, here, there = uuid4(), Limits(client, CHAT), Limits(client, CHAT)
    end = 1_800_000_059.9
    assert said(here, user, end) == 8
    await here.flush(end)
    await there.meet(user, end + 0.2)
    assert said(there, user, end + 0.2) == 0
    stranger = uuid4()
    await there.meet(stranger, end + 0.2)
    assert said(there, stranger, end + 0.2) == 8


async def test_two_nodes_at_once_let_through_what_one_would_in_a_minute(
    client: "Redis", redis_server: RedisServer
) -> None:
    """Each minute, over both, whatever their buckets would give."""
    user, nodes = uuid4(), [Limits(client, CHAT), Limits(client, CHAT)]
    start, through = 1_800_000_000.0, 0
    for second in range(60):
        for node in nodes:
            through += said(node, user, start + second, times=2)
            await node.flush(start + second)
    assert 30 <= through <= 31  # one may be on its way to Redis when the other node asks
    async with connect(redis_server.url()) as anybody:  # a service does not ask for it
        assert await anybody.ttl(limit_key(user, "chat", int(start // 60))) <= 120


async def test_without_redis_the_node_counts_for_itself() -> None:
    async with connect("redis://127.0.0.1:1/0") as nowhere:
        limits, user = Limits(nowhere, CHAT), uuid4()
        await limits.meet(user, AT)
        assert said(limits, user, AT) == 8
        await limits.flush(AT)
        assert said(limits, user, AT) == 0
        assert limits.failures == 2


async def test_from_room_to_room_over_two_nodes(bar: Bar) -> None:
    await bar.node("other", node_region="me", limit_hellos_per_minute=60)
    here, there = await bar.house.room(), await bar.house.room(region="me")
    user = uuid4()
    async with inside(bar, here, user) as (guest,):
        for n in range(9):
            await guest.send(t="chat", cid=n, text="hi")
        assert await refusal(guest) == "rate_limited"
        await until(lambda: counted(bar, user, "chat", 8))
    async with inside(bar, there, user) as (guest,):
        await guest.send(t="chat", cid=1, text="me again")
        assert await refusal(guest) == "rate_limited"
    assert await until(lambda: counted(bar, user, "join", 2))


async def test_whoever_comes_in_too_often_is_a_flood(bar: Bar) -> None:
    await bar.node("strict", node_region="me", limit_hellos_per_minute=2, limit_hellos_burst=2)
    room = await bar.house.room(region="me")
    user = uuid4()
    for _ in range(2):
        async with inside(bar, room, user):
            pass
    body = await bar.ticket(room, user)
    async with raw(body["ws_url"]) as guest:
        await guest.send(t="hello", ticket=body["ticket"])
        refused: dict[str, Any] = await guest.told("error")
        assert refused["retry_ms"] > 0
        assert await guest.code() == 4029
    assert await bar.house.occupied(room) == 1, "the seat is kept"


async def counted(bar: Bar, user: UUID, kind: str, times: int) -> bool:
    keys = [key async for key in bar.redis.scan_iter(f"rl:ws:{user}:{kind}:*")]
    return sum([int(await bar.redis.get(key) or 0) for key in keys]) == times
