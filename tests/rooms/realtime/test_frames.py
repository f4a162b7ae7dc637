"""The binary layouts, byte for byte as docs/realtime.md prints them, read back by the reference client's own codec."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.python import frames as client
from services.rooms.realtime import frames
from services.rooms.realtime.floor import FLOORS, Floor
from services.rooms.realtime.hot.mover import Mover
from services.rooms.realtime.hot.place import Ground
from services.rooms.realtime.hot.stage import Stage
from services.rooms.realtime.movement import Pace

u8, u16, u32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
i8, i16 = st.integers(-128, 127), st.integers(-(2**15), 2**15 - 1)
GROUND = Ground(FLOORS["lounge"], Pace())
EVERYWHERE = Ground(Floor(65535, 32767, 65535), Pace(1e9, 1e9, -1))
flags = st.booleans()
height = st.integers(0, 2**15 - 1)  # nobody is below the floor
bodies = st.builds(frames.body, u16, i16, u16, u8, u8, i8, i8)


def at(slot: int, body: bytes) -> Mover:
    return Mover(slot, body, EVERYWHERE, 0.0)


def test_a_frame_up_has_14_golden_bytes() -> None:
    up = client.up(seq=0x0201, x=1000, y=-2, z=65535, yaw=64, animation=3, vx=15, vz=-15, moving=True)
    assert up.hex() == "01010102e803feffffff40030ff1"


def test_a_frame_down_has_8_and_12_bytes_a_record() -> None:
    somebody = at(7, frames.body(1000, -2, 65535, 64, 3, 15, -15))
    down = frames.down([somebody, somebody], 5, True, [])
    assert down[: frames.HEADROOM] == bytes(frames.HEADROOM)
    assert down[frames.HEADROOM :].hex() == "02010200" + "05000000" + "0700e803feffffff40030ff1" * 2


def test_a_correction_has_12_golden_bytes() -> None:
    body = frames.body(1000, -2, 65535, 64, 3, 15, -15)
    assert frames.correction(1, 0x0201, body).hex() == "03010102e803feffffff4000"


@given(seq=u16, x=u16, y=height, z=u16, yaw=u8, animation=u8, vx=i8, vz=i8, moving=flags, teleport=flags)
def test_what_goes_up_comes_down_as_it_was(**move: int) -> None:
    up = client.up(**move)  # type: ignore[arg-type]
    stage, somebody = Stage(EVERYWHERE), at(9, frames.body(0, 0, 0))
    stage.enter(somebody)
    assert stage.move(somebody, up, 0.0) == 0
    told = client.read(bytes(frames.down(stage.changes()[0], 1, False, [])[frames.HEADROOM :]))
    assert isinstance(told, client.Down)
    assert (told.keyframe, told.tick, told.hidden) == (False, 1, ())
    (seen,) = told.records
    fields = ("x", "y", "z", "yaw", "animation", "vx", "vz")
    assert seen.slot == 9
    assert {name: getattr(seen, name) for name in fields} == {name: move[name] for name in fields}


@given(records=st.lists(st.tuples(u16, bodies), max_size=50), tick=u32, keyframe=st.booleans())
def test_every_record_is_read_in_order(records: list[tuple[int, bytes]], tick: int, keyframe: bool) -> None:
    sent = frames.down([at(slot, body) for slot, body in records], tick, keyframe, [])
    told = client.read(bytes(sent[frames.HEADROOM :]))
    assert isinstance(told, client.Down)
    assert (told.tick, told.keyframe) == (tick, keyframe)
    assert [(r.slot, r.x, r.y, r.z, r.yaw) for r in told.records] == [(s, *frames.place(b)) for s, b in records]


@given(reason=u8, seq=u16, body=bodies)
def test_a_correction_is_read_back(reason: int, seq: int, body: bytes) -> None:
    told = client.read(frames.correction(reason, seq, body))
    assert isinstance(told, client.Correction)
    assert (told.reason, told.seq, told.x, told.y, told.z, told.yaw) == (reason, seq, *frames.place(body))


@pytest.mark.parametrize("data", [b"", b"\x02", b"\x09" * 14, b"\x02\x00\x02\x00" + bytes(16), b"\x03" * 11])
def test_the_client_refuses_what_is_no_frame(data: bytes) -> None:
    with pytest.raises(ValueError):
        client.read(data)


def test_the_hidden_list_follows_the_records() -> None:
    told = client.read(struct.pack("<BBHI", 2, 2, 0, 1) + struct.pack("<HHH", 2, 7, 8))
    assert isinstance(told, client.Down)
    assert told.hidden == (7, 8)


@pytest.mark.parametrize(
    ("seq", "last", "later"), [(1, 0, True), (0, 0, False), (0, 65535, True), (65535, 0, False), (40000, 1, False)]
)
def test_sequence_numbers_wrap(seq: int, last: int, later: bool) -> None:
    stage, somebody = Stage(GROUND), at(1, frames.body(1000, 0, 1000))
    stage.enter(somebody)
    stage.move(somebody, client.up(seq=last, x=1000, y=0, z=1000), 0.0)
    stage.move(somebody, client.up(seq=seq, x=1001, y=0, z=1000), 0.0)
    assert (somebody.place.x == 1001) is later
