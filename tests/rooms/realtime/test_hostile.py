"""Strangers at the socket: each gets its documented answer, the people inside notice nothing, no seat stays taken."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

import pytest
import websockets

from clients.python import Visit
from clients.python.events import Joined, Left
from tests.rooms.realtime.bar import Bar, Raw, now, raw
from tests.waiting import until

Attack = Callable[[Raw, str], Awaitable[None]]


@pytest.fixture
async def room(bar: Bar) -> UUID:
    return await bar.house.room()


@pytest.fixture
async def witness(bar: Bar, room: UUID) -> AsyncIterator[Visit]:
    """Somebody who sits there in peace, and afterwards has seen nothing."""
    visit = await bar.join(room)
    yield visit
    assert visit.over is None
    assert bar.events(visit, Joined, Left) == []
    assert (await visit.chat("all quiet")).offset


async def silence(_: Raw, __: str) -> None: ...


async def garbage_text(raw: Raw, _: str) -> None:
    await raw.socket.send("hello")


async def garbage_binary(raw: Raw, _: str) -> None:
    await raw.socket.send(b"\xff" * 40)


async def invalid_utf8(raw: Raw, _: str) -> None:
    await raw.socket.send(b'{"t":"hello","ticket":"\xff"}', text=True)


async def another_command_first(raw: Raw, _: str) -> None:
    await raw.send(t="chat", cid=1, text="hi")


async def a_hello_of_wrong_types(raw: Raw, _: str) -> None:
    await raw.send(t="hello", ticket={"a": 1})


async def too_large(raw: Raw, _: str) -> None:
    await raw.socket.send("x" * (32 * 1024 + 1))


async def a_megabyte(raw: Raw, _: str) -> None:
    await raw.socket.send(b"x" * 1_000_000)


async def ten_megabytes(raw: Raw, _: str) -> None:
    await raw.socket.send("x" * 10_000_000)


async def large_in_fragments(raw: Raw, _: str) -> None:
    await raw.socket.send(["x" * 10_000] * 5)


async def no_ticket(raw: Raw, _: str) -> None:
    await raw.send(t="hello")


async def a_made_up_ticket(raw: Raw, _: str) -> None:
    await raw.send(t="hello", ticket="AAAA" * 14)


async def not_even_a_ticket(raw: Raw, _: str) -> None:
    await raw.send(t="hello", ticket="\x00é💥")


async def a_forged_ticket(raw: Raw, ticket: str) -> None:
    await raw.send(t="hello", ticket=ticket[:-4] + ("AAAA" if ticket[-4:] != "AAAA" else "BBBB"))


async def a_ticket_for_a_token(raw: Raw, ticket: str) -> None:
    await raw.send(t="hello", resume_token=ticket, epoch="1-0", offset=0)


ATTACKS = {
    silence: 4000,
    garbage_text: 4000,
    garbage_binary: 4000,
    invalid_utf8: 4000,
    another_command_first: 4000,
    a_hello_of_wrong_types: 4000,
    too_large: 1009,
    a_megabyte: 1009,
    ten_megabytes: 1009,
    large_in_fragments: 1009,
    no_ticket: 4003,
    a_made_up_ticket: 4003,
    not_even_a_ticket: 4003,
    a_forged_ticket: 4003,
    a_ticket_for_a_token: 4003,
}


async def test_every_attack_has_its_answer_and_leaves_no_seat(bar: Bar, room: UUID, witness: Visit) -> None:
    async def answer_to(attack: Attack) -> int:
        body = await bar.ticket(room)
        async with raw(body["ws_url"]) as stranger:
            with contextlib.suppress(websockets.ConnectionClosed):
                await attack(stranger, body["ticket"])
            return await stranger.code()

    answers = await asyncio.gather(*map(answer_to, ATTACKS))
    assert dict(zip((each.__name__ for each in ATTACKS), answers, strict=True)) == {
        attack.__name__: code for attack, code in ATTACKS.items()
    }
    bar.house.now = now() + bar.house.settings.hold  # only what was held is left, and ends as any no-show
    await bar.house.pool.execute("update seats set last_heartbeat = $1 where state = 'seated'", bar.house.now)
    await bar.house.sweeper().sweep()
    assert await bar.house.occupied(room) == 1


async def test_a_ticket_opens_once(bar: Bar, room: UUID, witness: Visit) -> None:
    body = await bar.ticket(room, bar.user(witness))  # the seat it has already
    async with raw(body["ws_url"]) as again:
        await again.send(t="hello", ticket="x" * 54)
        assert await again.code() == 4003
    stolen = await bar.ticket(other := await bar.house.room())
    async with raw(stolen["ws_url"]) as first:
        await first.hello(stolen["ticket"])
        async with raw(stolen["ws_url"]) as second:
            await second.send(t="hello", ticket=stolen["ticket"])
            assert await second.code() == 4003
        await first.send(t="ping", n=7)
        assert (await first.told("pong"))["n"] == 7
    assert await bar.house.occupied(other) == 1


async def test_a_ticket_is_for_one_room(bar: Bar, room: UUID, witness: Visit) -> None:
    body = await bar.ticket(await bar.house.room())
    url = body["ws_url"].rpartition("/")[0] + f"/{room}"
    async with raw(url) as stranger:
        await stranger.send(t="hello", ticket=body["ticket"])
        assert await stranger.code() == 4003


async def test_nonsense_from_somebody_inside_ends_the_socket_and_not_the_seat(bar: Bar, room: UUID) -> None:
    frames: list[str | bytes] = ["hello", b"\x01" * 13, b"\x09" * 14, b"\x00" * 40, '{"t":"chat"}', "[" * 3000]
    for taken, frame in enumerate(frames, 1):
        body = await bar.ticket(room)
        async with raw(body["ws_url"]) as guest:
            await guest.hello(body["ticket"])
            await guest.socket.send(frame)
            assert await guest.code() == 4000
        assert await bar.house.occupied(room) == taken  # until it ends by itself, or its guest comes back


async def test_a_second_hello_is_out_of_turn(bar: Bar, room: UUID) -> None:
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        await guest.send(t="hello", ticket=body["ticket"])
        assert await guest.code() == 4000


async def test_a_flood_is_cut_off(bar: Bar, room: UUID, witness: Visit) -> None:
    body = await bar.ticket(await bar.house.room())
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        with contextlib.suppress(websockets.ConnectionClosed):
            for n in range(3000):
                await guest.socket.send(json.dumps({"t": "ping", "n": n}))
        assert await guest.code() == 4029


WRONG_DOORS: list[tuple[str, dict[str, str], int]] = [
    ("/", {}, 404),
    ("/v1/rt/another/{room}", {}, 404),
    ("/v1/rt/node-1/{room}x", {}, 404),
    ("/v1/rt/node-1/" + "z" * 36, {}, 404),
    ("/v1/rt/node-1/{room}", {"Sec-WebSocket-Protocol": "chat.v9"}, 400),
]


async def test_a_wrong_door_is_a_problem_document(bar: Bar, room: UUID) -> None:
    base = (await bar.ticket(room))["ws_url"].partition("/v1/")[0]
    for path, headers, status in WRONG_DOORS:
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with raw(base + path.format(room=room), subprotocols=None, additional_headers=headers):
                pass
        answer = refused.value.response
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer.body)["type"].startswith("https://virtubar.dev/problems/")


@pytest.mark.parametrize("ident", [b"\xff\xfe", b"x" * 1000])
async def test_a_request_id_that_is_none_is_not_repeated(bar: Bar, room: UUID, ident: bytes) -> None:
    host = (await bar.ticket(room))["ws_url"].partition("//")[2].partition("/")[0]
    reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(b"GET / HTTP/1.1\r\nX-Request-Id: %b\r\n\r\n" % ident)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 404")
    assert len(json.loads(body)["request_id"]) < 100


async def test_browsers_that_also_ask_to_keep_the_connection_are_let_in(bar: Bar, room: UUID) -> None:
    body = await bar.ticket(room)
    host = body["ws_url"].partition("//")[2].partition("/")[0]
    reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(
        f"GET /v1/rt/node-1/{room} HTTP/1.1\r\nHost: {host}\r\n"
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: virtubar.v1\r\n\r\n".encode()
    )
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert answer.startswith(b"HTTP/1.1 101")
    assert b"Sec-WebSocket-Protocol: virtubar.v1" in answer


async def test_sockets_that_never_say_hello_cost_nobody_a_place(bar: Bar, witness: Visit) -> None:
    """Five times as many silent connections as the node bears: the oldest go, and a guest walks in past them."""
    await bar.node("small", limit_half_open=60, limit_address_half_open=5000, hello_seconds=2, node_region="me")
    body = await bar.ticket(await bar.house.room(region="me"))
    host, _, port = body["ws_url"].partition("//")[2].partition("/")[0].partition(":")
    silent = await asyncio.gather(*(asyncio.open_connection(host, int(port)) for _ in range(300)))
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
    ends = asyncio.gather(*(reader.read() for reader, _ in silent), return_exceptions=True)
    assert len(await asyncio.wait_for(ends, 30)) == 300
    for _, writer in silent:
        writer.close()


async def test_one_address_has_only_so_many_sockets(bar: Bar, room: UUID) -> None:
    node = await bar.node("small", limit_address_sockets=3, node_region="me")
    there = await bar.house.room(region="me")
    bodies = [await bar.ticket(there, uuid4()) for _ in range(4)]
    async with contextlib.AsyncExitStack() as stack:
        for body in bodies[:3]:
            guest = await stack.enter_async_context(raw(body["ws_url"]))
            await guest.hello(body["ticket"])
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with raw(bodies[3]["ws_url"]):
                pass
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"]
    async with contextlib.AsyncExitStack() as stack:

        async def let_in() -> bool:
            with contextlib.suppress(websockets.InvalidStatus):
                await stack.enter_async_context(raw(bodies[3]["ws_url"]))
                return True
            return False

        await until(let_in)
    assert node.settings.limit_address_sockets == 3
