"""What a socket answers in a hurry, and what it passes on."""

import asyncio
import logging
from uuid import UUID, uuid4

import msgspec
import pytest
from picows import WSFrame, WSMsgType, WSTransport
from picows.picows import _make_test_ws_frame as made

from clients.python import frames as client
from services.rooms.realtime import frames, messages
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.hot.line import Line, pass_seconds, silent
from services.rooms.realtime.messages import Pong
from services.rooms.realtime.movement import Pace, Reason
from services.rooms.realtime.room import Guest, Member, Room
from services.rooms.realtime.slots import Slots
from tests.rooms.people import NINE


class Wire:
    """A connection that keeps what is written to it."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def get_extra_info(self, name: str) -> "Wire | None":
        return self if name == "socket" else None

    def fileno(self) -> int:
        return -1

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.sent.append(data)


class Ear(Line):
    """A socket that only listens."""

    def __init__(self, moves_per_second: float = 30) -> None:
        super().__init__(self, 100, moves_per_second)
        self.passed_on: list[bytes] = []
        self.codes: list[int] = []
        self.corrections: list[int] = []
        self.wire = Wire()
        transport = WSTransport(False, self.wire, logging.getLogger("wire"), asyncio.get_running_loop())  # type: ignore[call-arg]
        self.on_ws_connected(transport)

    def connected(self) -> None: ...
    def received(self, frame: WSFrame) -> None:
        self.passed_on.append(frame.get_payload_as_bytes())

    def correct(self, reason: int) -> None:
        self.corrections.append(reason)

    def close(self, code: int, reason: str = "") -> None:
        self.codes.append(code)

    def says(self, payload: bytes, kind: WSMsgType = WSMsgType.TEXT) -> None:
        self.on_ws_frame(self.transport, made(kind, payload, True, False))

    def walks(self, seq: int, dx: int) -> None:
        place = self.member.place
        self.says(client.up(seq=seq, x=place.x + dx, y=0, z=place.z), WSMsgType.BINARY)


def seated(moves_per_second: float = 30) -> tuple[Ear, Member]:
    room = Room(uuid4(), 1, "e", FLOORS["lounge"], Pace(), Slots())
    member, _ = room.admit(Guest(UUID(int=1), uuid4(), uuid4(), NINE, "web"), 0.0)
    ear = Ear(moves_per_second)
    ear.enter(member, room.stage)
    return ear, member


@pytest.mark.parametrize("n", [0, 7, 10**14])
async def test_a_plain_ping_is_answered_as_any_other_is(n: int) -> None:
    ear, member = seated()
    ear.says(b'{"t":"ping","n":%d}' % n)
    (frame,) = ear.wire.sent
    told = msgspec.json.decode(frame[2:])
    assert frame[2:] == messages.encode(Pong(n, told["server_ms"]))[frames.HEADROOM :]
    assert member.heard > 0
    assert not ear.passed_on


@pytest.mark.parametrize(
    "said",
    [
        *(b'{"t":"ping","n":-1}', b'{"t":"ping","n":01}', b'{"t":"ping","n":}', b'{"t": "ping","n":1}'),
        *(b'{"t":"ping","n":1', b'{"t":"ping","n":1.5}', b'{"t":"ping","n":1}}', b'{"t":"ping","n":%d}' % 10**15, b""),
    ],
)
async def test_any_other_is_a_command(said: bytes) -> None:
    ear, _ = seated()
    ear.says(said)
    assert ear.passed_on == [said]
    assert not ear.wire.sent


async def test_before_the_welcome_a_ping_is_no_hello() -> None:
    ear = Ear()
    ear.says(b'{"t":"ping","n":1}')
    assert ear.passed_on


async def test_a_move_changes_where_its_member_stands() -> None:
    ear, member = seated()
    before = member.place.x
    ear.walks(1, 30)
    assert (member.place.x, member.seq, ear.take_judged()) == (before + 30, 1, 1)
    assert frames.place(member.body)[0] == before + 30
    ear.walks(2, 900)
    assert ear.corrections == [Reason.SPEED]
    assert member.place.x == before + 30


async def test_of_moves_that_come_too_fast_the_newest_is_taken_when_it_is_time() -> None:
    ear, member = seated(moves_per_second=2)
    before = member.place.x
    for seq in range(1, 6):
        ear.walks(seq, seq)
    assert member.place.x == before + 1 + 2
    assert pass_seconds([ear], 1.0, 0.0) == [ear]
    assert (member.seq, ear.take_judged()) == (5, 3)
    assert pass_seconds([ear], 1.0, 0.0) == []


async def test_a_flood_ends_and_time_forgives_it() -> None:
    ear, _ = seated()
    for _ in range(400):
        ear.says(b'{"t":"ping","n":1}')
    assert not ear.codes
    ear.says(b'{"t":"ping","n":1}')
    assert len(ear.codes) == 1
    pass_seconds([ear], 1.0, 0.0)
    ear.says(b'{"t":"ping","n":1}')
    assert len(ear.codes) == 1


async def test_what_is_no_transform_closes_the_socket() -> None:
    for payload in (b"", b"\x01" * 13, b"\x02" * 14, b"\x01" * 15):
        ear, _ = seated()
        ear.says(payload, WSMsgType.BINARY)
        assert ear.codes == [4000]


async def test_silence_is_counted_from_the_last_frame() -> None:
    _, member = seated()
    assert silent([member], since=0.0) == []
    assert silent([member], since=0.1) == [member]
