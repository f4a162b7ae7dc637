"""Every field of every command, with whatever JSON can say: an answer as documented, never another one, and no harm.

What conforms is read from the page, not from the code: docs/realtime.md is the judge.
"""

import asyncio
import json
import re
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.rooms.realtime.commands import Malformed, read
from tests.rooms.realtime.bar import Bar, Raw, raw
from tests.rooms.realtime.hostile.peace import Peace
from tests.rooms.realtime.page import blocks, rows

EXAMPLES: Final = 250
PATIENT: Final[dict[str, Any]] = {
    f"limit_{name}_{span}": 1_000_000
    for name in ("chat", "emotes", "voice_signals", "voice_states", "orders", "hellos")
    for span in ("per_minute", "burst")
}
ATTACKER: Final = UUID(int=66)
EMPTY: Final = '{"t": "chat", "cid": "empty", "text": ""}'
UNKNOWN: Final = '{"t": "dance", "cid": "unknown"}'

FRAMES: Final = {line.partition(" ")[0]: line.partition(" ")[2] for line in blocks("frames client")}
REFUSALS: Final = {re.findall("`([^`]+)`", slug)[0]: re.findall("`([^`]+)`", to) for slug, to, _ in rows("Problems")}
FIELDS: Final = {
    name: {field.rstrip("?"): kind for field, kind in re.findall(r"(\w+\??): (\w+)", members)}
    for name, members in FRAMES.items()
}
REQUIRED: Final = {name: re.findall(r"(\w+): ", members) for name, members in FRAMES.items()}

whole = st.integers(-(2**70), 2**70) | st.sampled_from([0, -1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1])
words = st.text(max_size=80) | st.sampled_from(
    ["", "\x00", "x" * 65, "é" * 501, "\ud83d", "💥", "1e999", "null", "wave"]
)
anything = st.recursive(
    st.none() | st.booleans() | whole | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


def fitting(kind: str, people: tuple[UUID, ...]) -> st.SearchStrategy[Any]:
    match kind:
        case "cid":
            return st.text(max_size=64) | st.integers(-(2**63), 2**63 - 1)
        case "uuid":
            return st.sampled_from([*map(str, people), str(ATTACKER), str(uuid4())])
        case "int":
            return st.integers(1, 1000)
        case "bool":
            return st.booleans()
        case "text":
            return st.sampled_from(["hi", "wave", "emote-moonwalk", "offer", "answer", "bye"]) | words
    return anything


def commands(people: tuple[UUID, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Mostly well-formed, with some members of another kind, missing, or of nobody."""

    @st.composite
    def build(draw: st.DrawFn) -> dict[str, Any]:
        name = draw(st.sampled_from(sorted(set(FRAMES) - {"leave"})))
        command = {field: draw(fitting(kind, people)) for field, kind in FIELDS[name].items()}
        for field in draw(st.lists(st.sampled_from(sorted(command)), max_size=2)):
            if draw(st.booleans()):
                command[field] = draw(anything)
            else:
                command.pop(field, None)
        if draw(st.integers(0, 9)) == 0:
            command[draw(words)] = draw(anything)
        tag = draw(anything) if draw(st.integers(0, 19)) == 0 else name
        return {**command, "t": tag}

    return build()


def conforms(command: dict[str, Any]) -> bool:
    try:
        json.dumps(command, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    name = command["t"]
    if not isinstance(name, str):
        return False
    if name not in FRAMES:
        return command.get("cid") is None or _fits(command["cid"], "cid", "cid")
    if any(field not in command for field in REQUIRED[name]):
        return False
    optional = set(FIELDS[name]) - set(REQUIRED[name]) - {"n"}
    return all(
        _fits(command[field], kind, field) or (command[field] is None and field in optional)
        for field, kind in FIELDS[name].items()
        if field in command
    )


def _fits(value: Any, kind: str, field: str) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "int":
            least, most = (1, 31_622_400) if field == "seconds" else (1 - 2**53, 2**53 - 1)
            return _is_whole(value) and least <= value <= most
        case "cid":
            return (_is_whole(value) and -(2**63) <= value < 2**63) or (isinstance(value, str) and len(value) <= 64)
        case "uuid":
            return isinstance(value, str) and _is_uuid(value)
    return True


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_uuid(value: str) -> bool:
    return bool(re.fullmatch(r"(?i)[0-9a-f]{8}(-?)([0-9a-f]{4}\1){3}[0-9a-f]{12}", value))


class Attacker:
    """One seat, and a new socket whenever the node has had enough."""

    def __init__(self, bar: Bar, room: UUID) -> None:
        self._bar, self._room = bar, room
        self.closed = 0

    async def run(self, command: dict[str, Any], socket: Raw) -> tuple[str, str]:
        """(`ack`, ``) or (`error`, slug) or (`pong`, ``), or (`close`, code)."""
        try:
            await socket.socket.send(json.dumps(command))
            async with asyncio.timeout(20):
                while True:
                    said = await socket.socket.recv()
                    if isinstance(said, bytes):
                        continue
                    match json.loads(said):
                        case {"t": "error", "type": kind}:
                            return "error", kind.rpartition("/")[2]
                        case {"t": "ack" | "pong" as kind}:
                            return kind, ""
        except websockets.ConnectionClosed:
            return "close", str(socket.socket.close_code)

    async def open(self) -> Raw:
        self.closed += 1
        body = await self._bar.ticket(self._room, ATTACKER)
        socket = await self._bar.closing.enter_async_context(raw(body["ws_url"]))
        await socket.hello(body["ticket"])
        return socket


@pytest.fixture
async def room(bar: Bar) -> UUID:
    await bar.node("patient", node_region="me", silence_seconds=60.0, **PATIENT)
    return await bar.house.room(region="me")


async def test_whatever_is_in_a_field_the_answer_is_a_documented_one(bar: Bar, room: UUID, quiet: Peace) -> None:
    loop, attacker, seen = asyncio.get_running_loop(), Attacker(bar, room), set[tuple[str, str]]()
    sockets = [await attacker.open()]

    async def agree(command: dict[str, Any]) -> None:
        if sockets[0].socket.close_code:
            sockets[0] = await attacker.open()
        answer, why = await attacker.run(command, sockets[0])
        name = command["t"]
        seen.add((answer, why))
        if not conforms(command) or name == "hello":
            assert (answer, why) == ("close", "4000"), (command, answer, why)
        elif name not in FRAMES:
            assert (answer, why) == ("error", "unsupported")
        elif answer == "error":
            allowed = REFUSALS[why]
            assert name in allowed or not allowed, (command, why)
        else:
            assert answer == ("pong" if name == "ping" else "ack"), (command, answer, why)

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(commands(quiet.users))
    def check(command: dict[str, Any]) -> None:
        asyncio.run_coroutine_threadsafe(agree(command), loop).result(60)

    for command in map(json.loads, (*blocks("json client"), EMPTY, UNKNOWN)):
        if command["t"] != "leave":
            await agree(command)
    await asyncio.to_thread(check)
    slugs = {why for answer, why in seen if answer == "error"}
    assert {"invalid", "not_host", "not_found", "unauthenticated", "unsupported", "not_owned"} <= slugs
    assert {("ack", ""), ("pong", ""), ("close", "4000")} <= seen
    assert await bar.house.occupied(room) == 3


@settings(max_examples=300)
@given(commands((UUID(int=1), UUID(int=2))))
def test_the_judge_and_the_node_agree_on_what_is_a_frame(command: dict[str, Any]) -> None:
    """The page's types against the node's reader, without sockets between them."""
    try:
        read(json.dumps(command).encode())
    except Malformed:
        assert not conforms(command)
    else:
        assert conforms(command)
