"""docs/realtime.md cannot go stale: its examples are read by the real parsers, its tables compared with the code."""

import re
from typing import Any, get_args

import msgspec
import pytest

from clients.python import comeback, events, frames, motion
from libs.chassis.problems import Forbidden, Unauthenticated, slug_of
from libs.contracts.vocabulary import LeaveReason
from services.rooms.deciders.refusals import NotHost, RoomClosed, Self
from services.rooms.realtime import frames as node
from services.rooms.realtime import messages
from services.rooms.realtime.codes import Code
from services.rooms.realtime.commands import Unknown, read
from services.rooms.realtime.emotes import EMOTES
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.hot.mover import Mover
from services.rooms.realtime.hot.place import Ground
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.settings import NodeSettings
from services.rooms.schemas import TicketAnswer, Waitlist
from tests.rooms.realtime.page import COMMANDS, MESSAGES, PAGE, blocks, canonical, rows, section, signature, slugs

DEFAULTS = NodeSettings.model_construct()
ELSEWHERE = {NotHost, Self, RoomClosed, Unauthenticated, Forbidden}  # refusals that others name
BREACHES = {1002, 1007}  # what the WebSocket layer itself says
GROUND = Ground(FLOORS["lounge"], Pace())
CODE = re.compile(r"`([^`]+)`")


def test_the_way_in_names_what_is_answered() -> None:
    seat, line = (set(told.split(", ")) for told in re.findall(r"(?:is `|`waitlist )\{([a-z_, ]+)\}`", PAGE))
    assert seat == set(TicketAnswer.model_fields)
    assert line == set(Waitlist.model_fields)


def test_every_frame_is_written_as_it_is() -> None:
    assert blocks("frames client") == [signature(kind) for kind in COMMANDS.values()]
    assert blocks("frames server") == [signature(kind) for kind in MESSAGES.values()]


@pytest.mark.parametrize(
    ("title", "known"), [("Client to server", COMMANDS), ("Server to client", MESSAGES)], ids=["up", "down"]
)
def test_every_frame_is_explained(title: str, known: dict[str, Any]) -> None:
    assert [name for first, *_ in rows(title) for name in CODE.findall(first)] == list(known)


@pytest.mark.parametrize("example", blocks("json client"))
def test_what_a_client_says_is_understood(example: str) -> None:
    command = read(example.encode())
    assert not isinstance(command, Unknown)
    said = canonical(example)
    assert {name for name in said if name != "t"} <= {field.encode_name for field in msgspec.structs.fields(command)}
    assert set(canonical(msgspec.json.encode(command))) >= set(said)


@pytest.mark.parametrize("example", blocks("json server"))
def test_what_a_node_says_is_what_it_says(example: str) -> None:
    message = msgspec.json.decode(example, type=MESSAGES[canonical(example)["t"]])
    assert canonical(bytes(messages.encode(message)[node.HEADROOM :])) == canonical(example)
    assert events.read(example.encode()) is not None, "nor does the client miss it"


def test_every_frame_has_an_example() -> None:
    assert {canonical(each)["t"] for each in blocks("json client")} == set(COMMANDS)
    assert {canonical(each)["t"] for each in blocks("json server")} == set(MESSAGES)


def test_the_examples_of_problems_and_limits_are_true() -> None:
    said = {canonical(each)["t"]: canonical(each) for each in blocks("json server")}
    assert said["welcome"]["limits"] == DEFAULTS.told_limits()
    assert said["welcome"]["tick_hz"] == DEFAULTS.tick_hz
    assert said["welcome"]["heartbeat_ms"] == DEFAULTS.heartbeat_seconds * 1000
    assert said["error"]["type"].removeprefix(messages.PROBLEMS) in slugs()


def hexes(kind: str) -> list[tuple[bytes, list[tuple[str, int]]]]:
    """The examples of one kind: the bytes, and the numbers written beside them."""
    found = re.findall(rf"^```hex {kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [_hex(block.splitlines()) for block in found]


def _hex(lines: list[str]) -> tuple[bytes, list[tuple[str, int]]]:
    data, said = b"", list[tuple[str, int]]()
    for line in lines:
        code, _, words = line.partition("  ")
        data += bytes.fromhex(code)
        said += [(name, int(value)) for name, value in re.findall(r"(\w+) (-?\d+)", words)]
    return data, said


def test_a_move_up_is_these_bytes() -> None:
    ((data, told),) = hexes("up")
    said: dict[str, Any] = dict(told)
    assert said.pop("type") == node.UP
    assert said.pop("flags") == node.MOVING
    assert frames.up(moving=True, **said) == data
    assert len(data) == node.UP_BYTES


def test_frames_down_are_these_bytes() -> None:
    for data, said in hexes("down"):
        header, rest = dict(said[:4]), said[4:]
        count = 8 * header["n"]
        records = [dict(rest[n : n + 8]) for n in range(0, count, 8)]
        hidden = [slot for name, slot in rest[count:] if name == "slot"]
        movers = [Mover(record.pop("slot"), node.body(**record), GROUND, 0) for record in map(dict, records)]
        keyframe = bool(header["flags"] & node.KEYFRAME)
        assert bytes(node.down(movers, header["tick"], keyframe, hidden)[node.HEADROOM :]) == data
        read = frames.read(data)
        assert isinstance(read, frames.Down)
        assert [record._asdict() for record in read.records] == records
        assert (read.hidden, header["type"]) == (tuple(hidden), node.DOWN)
        assert dict(rest).get("m", 0) == len(hidden)


def test_a_correction_is_these_bytes() -> None:
    ((data, told),) = hexes("correction")
    said = dict(told)
    assert said.pop("type") == node.CORRECTION
    reason, seq = said.pop("reason"), said.pop("seq")
    assert node.correction(reason, seq, node.body(**said)) == data
    assert frames.read(data) == frames.Correction(reason, seq, **said)


def test_the_emotes_and_reasons_are_all_there_are() -> None:
    assert set(CODE.findall(section("Emotes").partition("Besides")[0])) == EMOTES
    assert CODE.findall(section("Reasons of leave")) == list(get_args(LeaveReason))


def test_every_refusal_has_a_row() -> None:
    told = {CODE.findall(slug)[0] for slug, *_ in rows("Problems")}
    assert told == slugs() | {slug_of(each) for each in ELSEWHERE}
    commands = {name for _, to, _ in rows("Problems") for name in CODE.findall(to)}
    assert commands <= set(COMMANDS)


def test_every_close_code_has_a_row_and_the_client_does_what_it_says() -> None:
    told = {int(code): what for codes, _, what in rows("Close codes") for code in codes.split(", ") if code.isdigit()}
    assert set(told) == {*Code, *BREACHES}
    comes_back = {code for code, what in told.items() if "resume" in what or "new ticket" in what}
    assert comes_back == {*comeback.RESUMABLE, *comeback.ELSEWHERE} & set(Code)
    assert {code for code in comes_back if "new ticket" in told[code]} == comeback.ELSEWHERE


def test_every_rate_is_the_one_that_is_counted() -> None:
    counted = DEFAULTS.counted()
    table = [row for row in rows("Limits") if len(row) == 3 and row[1].isdigit()]
    told = {CODE.findall(what)[-1]: (int(minute), int(burst)) for what, minute, burst in table}
    assert told == {kind: (limit.per_minute, limit.burst) for kind, limit in counted.items()}


def test_every_setting_has_the_default_that_is_told() -> None:
    table = [row for row in rows("Limits") if len(row) == 4 and row[0].startswith("`")]
    told = {CODE.findall(name)[0]: float(default) for name, default, _, _ in table}
    assert told == {name: float(getattr(DEFAULTS, name)) for name in told}
    here = {CODE.findall(shown)[0] for _, _, shown, _ in table if shown}
    assert here == set(DEFAULTS.told_limits())
    limits = {name for name in NodeSettings.__annotations__ if name.startswith("limit_")}
    rates = {name for name in limits if name.endswith(("_per_minute", "_burst"))}
    assert limits - rates <= set(told), "each is told"


def test_the_numbers_for_drawing_are_the_clients() -> None:
    told = {CODE.findall(name)[0]: float(seconds) for name, _, seconds in rows("Drawing others")}
    assert told == {name: getattr(motion, name) for name in ("DELAY", "AHEAD", "PAUSE")}


def test_links_within_the_page_lead_somewhere() -> None:
    titles = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", PAGE, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= titles
