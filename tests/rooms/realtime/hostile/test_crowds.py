"""Thousands at the door, readers that never read, floods of every kind: cut off as documented, in bounded memory."""

import asyncio
import json
from typing import Any, Final
from uuid import UUID

import pytest

from tests.faults.load import LONG
from tests.rooms.realtime.bar import Bar, raw
from tests.rooms.realtime.hostile.memory import node_apart
from tests.rooms.realtime.hostile.peace import Peace, peace
from tests.rooms.realtime.hostile.tcp import BINARY, CONTINUATION, PING, TEXT, frame, seated, text
from tests.rooms.realtime.test_slow import Deaf
from tests.waiting import until

SILENT: Final = 10_000 if LONG else 500
AT_ONCE: Final = 100
CROWDED: Final = {"limit_address_sockets": 100_000, "limit_address_half_open": 100_000, "node_region": "me"}
UNHURRIED: Final = {"away_seconds": 30.0, "silence_seconds": 120.0}
HALF: Final = b"GET /v1/rt/at-the-door/%b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
WORDS: Final = 16_000  # characters
DEAF: Final = 20
EACH: Final = 0.064  # megabytes


async def test_thousands_who_say_nothing_cost_nobody_a_place_and_little_memory(bar: Bar) -> None:
    """Half of them are silent, half stop in the middle of their handshake; a tenth of them is borne at a time."""
    settings = {**CROWDED, **UNHURRIED, "limit_half_open": SILENT // 10, "hello_seconds": 600.0}
    async with node_apart(bar, "at-the-door", **settings) as node:
        room = await bar.house.room(capacity=1000, region="me")
        async with peace(bar, room):
            place = (await bar.ticket(room))["ws_url"].partition("//")[2].partition("/")[0]
            host, port = place.split(":")[0], int(place.split(":")[1])
            sizes, crowd = [node.megabytes], list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()
            for _ in range(SILENT // AT_ONCE):
                opened = await asyncio.gather(*(asyncio.open_connection(host, port) for _ in range(AT_ONCE)))
                for _, writer in opened[::2]:
                    writer.write(HALF % str(room).encode())
                crowd += opened
                body = await bar.ticket(room)
                async with raw(body["ws_url"]) as guest:
                    await guest.hello(body["ticket"])
                sizes.append(node.megabytes)
            assert sizes[-1] - sizes[0] < 32 + SILENT // 10 * EACH, "for those who are borne"
            assert sizes[-1] - sizes[len(sizes) // 2] < 24, "and not for those who have gone"
            await until(lambda: node.sockets(port) <= SILENT // 10 + 2, within=60)
            for _, writer in crowd:
                writer.transport.abort()
            await until(lambda: node.sockets(port) == 2, within=60)


async def _stuffed(bar: Bar, name: str, **settings: Any) -> float:
    """How many megabytes a node has grown by when readers who never read were sent 1.6 MB each."""
    patient = {"limit_chat_per_minute": 10**6, "limit_chat_burst": 10**6, "limit_chat_characters": WORDS}
    quick = {"limit_frames_per_second": 10**6, "send_buffer_bytes": 2048, "backlog_bytes": 2048, "node_region": "me"}
    async with node_apart(bar, name, **{**patient, **quick, **UNHURRIED, **settings}) as node:
        room = await bar.house.room(region="me")
        async with peace(bar, room):
            before, deaf = node.megabytes, list[Deaf]()
            for _ in range(DEAF):
                body = await bar.ticket(room)
                deaf.append(Deaf(body["ws_url"]))
                await deaf[-1].come_in(body["ticket"])
            async with raw((body := await bar.ticket(room))["ws_url"]) as guest:
                await guest.hello(body["ticket"])
                for n in range(100):
                    await guest.send(t="chat", cid=n, text="x" * WORDS)
                    await guest.send(t="ping", n=n)
                    while (await guest.told("pong"))["n"] != n:
                        pass
            grown = node.megabytes - before
        for each in deaf:
            each.socket.close()
    return grown


async def test_readers_who_never_read_cost_a_bounded_backlog(bar: Bar) -> None:
    assert await _stuffed(bar, "bounded") < 24


async def test_the_control_keeps_all_of_it_for_them(bar: Bar) -> None:
    """The same readers at a node that closes nobody: the same measure finds it out."""
    assert await _stuffed(bar, "hoarder", backlog_limit_bytes=10**9, drain_seconds=600.0) > 28


FLOODS: dict[str, bytes] = {
    "pings": frame(PING, b"?"),
    "unasked pongs": frame(10, b"!"),
    "transforms": frame(BINARY, b"\x01\0\x01\0" + b"\0" * 10),
    "commands": text(t="ping", n=1),
    "nobody's commands": text(t="dance", cid=1),
    "chats": text(t="chat", cid=1, text="spam"),
    "orders": text(t="kick", cid=1, user=str(UUID(int=1))),
    "tokens": text(t="auth", token="a.b.c"),
    "empty fragments": frame(TEXT, b"{", fin=False) + frame(CONTINUATION, b"", fin=False) * 10,
}


async def test_a_flood_of_anything_is_cut_off_and_the_seat_is_kept(bar: Bar, room: UUID, quiet: Peace) -> None:
    async def answer_to(flood: bytes) -> int:
        async with seated(await bar.ticket(room)) as guest:
            first = flood if flood != FLOODS["empty fragments"] else frame(TEXT, b"{", fin=False)
            rest = first if first is flood else frame(CONTINUATION, b"", fin=False)
            await guest.send(first + rest * 3000)
            return await guest.code()

    answers = await asyncio.gather(*map(answer_to, FLOODS.values()))
    assert dict(zip(FLOODS, answers, strict=True)) == dict.fromkeys(FLOODS, 4029)
    assert await bar.house.occupied(room) == len(FLOODS) + 2


@pytest.mark.parametrize(
    ("command", "burst"),
    [
        ({"t": "chat", "text": "hi"}, 8),
        ({"t": "emote", "emote": "wave"}, 6),
        ({"t": "voice_state", "publishing": False}, 10),
        ({"t": "voice_signal", "to": str(UUID(int=5)), "kind": "bye", "data": None}, 150),
        ({"t": "unmute", "user": str(UUID(int=5))}, 20),
        ({"t": "redact", "id": str(UUID(int=5))}, 20),
        ({"t": "auth", "token": "a.b.c"}, 10),
    ],
    ids=lambda given: given["t"] if isinstance(given, dict) else "",
)
async def test_every_command_has_its_burst_and_says_when_to_come_back(
    bar: Bar, room: UUID, quiet: Peace, command: dict[str, Any], burst: int
) -> None:
    body = await bar.ticket(room)
    async with raw(body["ws_url"]) as guest:
        await guest.hello(body["ticket"])
        tries = burst + 10
        answers = list[dict[str, Any]]()
        for n in range(tries):
            await guest.socket.send(json.dumps({**command, "cid": n}))
        async with asyncio.timeout(20):
            while len(answers) < tries:
                said = await guest.socket.recv()
                if isinstance(said, str) and (answer := json.loads(said))["t"] in ("ack", "error"):
                    answers.append(answer)
        slow = [each for each in answers if each.get("type", "").endswith("/rate_limited")]
        assert burst <= tries - len(slow) <= burst + 2
        assert all(0 < each["retry_ms"] <= 60_000 for each in slow)
        await guest.send(t="ping", n=1)
        assert (await guest.told("pong"))["n"] == 1
