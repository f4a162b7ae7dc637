"""Frames that break WebSocket itself, and some that only bend it: each with its close code, the others undisturbed."""

import asyncio
from uuid import UUID

import pytest

from tests.rooms.realtime.bar import Bar
from tests.rooms.realtime.hostile.peace import Peace
from tests.rooms.realtime.hostile.tcp import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Tcp,
    frame,
    seated,
    tcp,
    text,
)
from tests.waiting import until

CHAT = b'{"t":"chat","cid":1,"text":"hi"}'
BREACHES: dict[str, tuple[bytes, int]] = {
    "no mask": (frame(TEXT, CHAT, mask=None), 1002),
    "no mask on a transform": (frame(BINARY, b"\x01" * 14, mask=None), 1002),
    "an opcode of nobody": (frame(3, CHAT), 1002),
    "a control opcode of nobody": (frame(11), 1002),
    "a ping in fragments": (frame(PING, b"a", fin=False), 1002),
    "a ping too long": (frame(PING, b"a" * 126), 1002),
    "a close too long": (frame(CLOSE, b"\x03\xe8" + b"a" * 124), 1002),
    "a close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "a close code of nobody": (frame(CLOSE, (999).to_bytes(2, "big")), 1002),
    "a reason that is no UTF-8": (frame(CLOSE, b"\x03\xe8\xff\xfe"), 1007),
    "a length written too long": (frame(TEXT, CHAT, length=b"\x7e" + len(CHAT).to_bytes(2, "big")), 1002),
    "a length beyond everything": (frame(TEXT, CHAT, length=b"\x7f" + b"\xff" * 8), 1002),
    "a length of an exabyte": (frame(TEXT, CHAT, length=b"\x7f" + (2**60).to_bytes(8, "big")), 1009),
    "32 KiB and one": (frame(TEXT, b"x" * (32 * 1024 + 1)), 1009),
    "fragments of more than 32 KiB": (
        frame(TEXT, b"x" * 20_000, fin=False) + frame(CONTINUATION, b"x" * 20_000, fin=False),
        1009,
    ),
    "an end without a beginning": (frame(CONTINUATION, CHAT), 4000),
    "two beginnings": (frame(TEXT, b"{", fin=False) + frame(TEXT, b"{", fin=False), 4000),
    "a transform in fragments": (frame(BINARY, b"\x01" * 7, fin=False) + frame(CONTINUATION, b"\x00" * 7), 4000),
    "no UTF-8": (frame(TEXT, b'{"t":"chat","cid":1,"text":"\xff\xfe"}'), 4000),
    "half a character": (frame(TEXT, '{"t":"chat","cid":1,"text":"é"}'.encode()[:-3] + b'"}'), 4000),
    "a surrogate by itself": (frame(TEXT, b'{"t":"chat","cid":1,"text":"\xed\xa0\x80"}'), 4000),
    "an empty text": (frame(TEXT), 4000),
    "an empty transform": (frame(BINARY), 4000),
}


async def test_every_breach_has_its_code_and_keeps_the_seat(bar: Bar, room: UUID, quiet: Peace) -> None:
    async def answer_to(bad: bytes) -> int:
        async with seated(await bar.ticket(room)) as guest:
            await guest.send(bad)
            return await guest.code()

    answers = await asyncio.gather(*(answer_to(bad) for bad, _ in BREACHES.values()))
    assert dict(zip(BREACHES, answers, strict=True)) == {name: code for name, (_, code) in BREACHES.items()}
    assert await bar.house.occupied(room) == len(BREACHES) + 2


async def test_the_same_before_a_hello_takes_nobodys_seat(bar: Bar, room: UUID, quiet: Peace) -> None:
    async def answer_to(bad: bytes) -> int:
        body = await bar.ticket(room)
        async with tcp(body["ws_url"]) as stranger:
            await stranger.upgrade(body["ws_url"])
            await stranger.send(bad)
            return await stranger.code()

    answers = await asyncio.gather(*(answer_to(bad) for bad, _ in BREACHES.values()))
    assert dict(zip(BREACHES, answers, strict=True)) == {name: code for name, (_, code) in BREACHES.items()}


async def _beats(guest: Tcp) -> bool:
    await guest.send(text(t="ping", n=5))
    return bool((await guest.told("pong"))["n"] == 5)


async def test_what_is_only_unusual_is_borne(bar: Bar, room: UUID, quiet: Peace) -> None:
    """Pings and pongs between the fragments of a command, a mask of zeros, one byte at a time, many in one packet."""
    async with seated(await bar.ticket(room)) as guest:
        await guest.send(frame(TEXT, CHAT[:9], fin=False) + frame(PING, b"now") + frame(CONTINUATION, b"", fin=False))
        assert await guest.read_control() == (PONG, b"now")
        await guest.send(frame(PONG, b"unasked") + frame(CONTINUATION, CHAT[9:]))
        assert (await guest.told("ack"))["cid"] == 1
        await guest.send(frame(TEXT, CHAT.replace(b"1", b"2"), mask=b"\0\0\0\0"))
        assert (await guest.told("ack"))["cid"] == 2
        for byte in frame(TEXT, CHAT.replace(b"1", b"3")):
            await guest.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await guest.told("ack"))["cid"] == 3
        await guest.send(b"".join(text(t="ping", n=n) for n in range(50)))
        for n in range(50):
            assert (await guest.told("pong"))["n"] == n
        assert await _beats(guest)


@pytest.mark.parametrize(
    ("asked", "status"),
    [("", 101), ("Sec-WebSocket-Protocol: virtubar.v1, other\r\n", 101), ("Sec-WebSocket-Protocol: other\r\n", 400)],
)
async def test_the_subprotocol_may_be_left_out_and_not_be_another(
    bar: Bar, room: UUID, asked: str, status: int
) -> None:
    body = await bar.ticket(room)
    async with tcp(body["ws_url"]) as guest:
        assert str(status) in await guest.upgrade(body["ws_url"], asked)
        if status == 101:
            assert (await guest.hello(body["ticket"]))["t"] == "welcome"


HANDSHAKES = {
    "nothing": b"",
    "not http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    "a header without an end": b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000,
    "headers without an end": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
    "a body": b"POST /v1/rt/node-1 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n",
    "no key": b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
}


async def test_handshakes_that_are_none_end_soon(bar: Bar, room: UUID, quiet: Peace) -> None:
    body = await bar.ticket(room)

    async def answer_to(data: bytes) -> bytes:
        async with tcp(body["ws_url"]) as stranger:
            await stranger.send(data)
            return (await stranger.rest()).partition(b"\r\n")[0]

    answers = await asyncio.gather(*map(answer_to, HANDSHAKES.values()))
    assert not any(answer.startswith(b"HTTP/1.1 101") for answer in answers), answers


async def test_a_frame_that_never_ends_is_a_silence(bar: Bar, room: UUID, quiet: Peace) -> None:
    """Its header promises 32 KiB; the seat goes as of anybody who says nothing, and not before."""
    body = await bar.ticket(room)
    async with seated(body) as guest:
        await guest.send(frame(TEXT, b"x" * 1000, length=b"\x7e\x80\x00"))
        assert await guest.code() == 4012
    await until(lambda: len(quiet.witness.roster.people) == 2)
