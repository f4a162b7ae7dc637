"""Transforms as cheats send them: bits turned, every length, too fast, too far, others' slots, extremes."""

import asyncio
import random
import struct
from collections.abc import Iterable
from itertools import pairwise
from uuid import UUID

from clients.python import frames
from clients.python.frames import Down
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.movement import Pace
from tests.rooms.realtime.bar import Bar, raw
from tests.rooms.realtime.hostile.peace import Peace
from tests.rooms.realtime.hostile.tcp import BINARY, frame, seated, text
from tests.waiting import until

FLOOR, PACE = FLOORS["lounge"], Pace()
CHEAT = UUID(int=66)
LATE = 0.3  # seconds a frame may have waited somewhere
Track = list[tuple[float, int, int, int]]
"""Seconds by the ticks of the node, then x, y, z."""


def seen(downs: Iterable[Down], slot: int, hz: int = 20) -> Track:
    """Where others were shown an avatar, in order."""
    return [(down.tick / hz, r.x, r.y, r.z) for down in downs for r in down.records if r.slot == slot]


def too_fast(track: Track) -> list[tuple[float, float]]:
    """Steps longer than anybody may make in that time: (centimetres, seconds)."""
    steps = [
        (((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) ** 0.5, at - t) for (t, a, b, c), (at, x, y, z) in pairwise(track)
    ]
    return [(way, took) for way, took in steps if way > PACE.stride + PACE.speed * (took + LATE)]


def off_the_floor(track: Track) -> Track:
    return [place for place in track if not FLOOR.holds(*place[1:])]


async def test_nobody_is_shown_faster_than_people_are(bar: Bar, room: UUID, quiet: Peace) -> None:
    """Places at random, ten seconds' worth at fifteen a second and some at three hundred: bounds, speed and rate."""
    luck = random.Random(7)
    body = await bar.ticket(room, CHEAT)
    async with seated(body) as cheat:
        slot = await _slot(quiet, CHEAT)
        places = [
            tuple(luck.choice([0, 1, 2400, 2401, 65535, luck.randrange(65536)]) for _ in "xz") for _ in range(150)
        ]
        for seq, (x, z) in enumerate(places):
            y = luck.choice([0, 0, 400, 401, -1, -32768, 32767])
            up = frames.up(seq=seq, x=x, y=y, z=z, yaw=255, animation=255, vx=-128, vz=127)
            for _ in range(1 if seq % 10 else 20):
                await cheat.send(frame(BINARY, up))
            await asyncio.sleep(1 / 60)
        await cheat.send(text(t="ping", n=1))
        assert (await cheat.told("pong"))["n"] == 1
        track = seen(bar.events(quiet.witness, Down), slot)
        assert (too_fast(track), off_the_floor(track)) == ([], [])
        assert (await quiet.walker.chat("done")).offset


async def test_nobody_walks_through_a_wall_or_the_floor(bar: Bar, room: UUID, quiet: Peace) -> None:
    """At an honest pace to the wall, and on; then down into the cellar."""
    async with seated(await bar.ticket(room, CHEAT)) as cheat:
        slot = await _slot(quiet, CHEAT)
        place = quiet.witness.roster.people[CHEAT]
        steps = [(x, 0) for x in range(place.x, FLOOR.x + 400, 40)] + [(FLOOR.x, -depth) for depth in range(1, 20)]
        for seq, (x, y) in enumerate(steps):
            await cheat.send(frame(BINARY, frames.up(seq=seq, x=x, y=y, z=place.z)))
            await asyncio.sleep(1 / 18)
        await until(lambda: quiet.witness.roster.people[CHEAT].x > FLOOR.x - 80, what="the wall is reached")
        assert off_the_floor(seen(bar.events(quiet.witness, Down), slot)) == []


def test_the_control_has_a_cheat_found_out() -> None:
    far: Track = [(0.0, 0, 0, 0), (0.05, 1200, 0, 0), (0.1, 2400, 0, 0), (0.15, 2401, 0, 0)]
    assert too_fast(far) == [(1200.0, 0.05), (1200.0, 0.05)]
    assert off_the_floor(far) == [far[-1]]


async def test_every_bit_of_a_transform_may_turn(bar: Bar, room: UUID, quiet: Peace) -> None:
    """Another type ends the socket; whatever else turns moves its sender, or nobody."""
    me = quiet.witness.roster.me
    assert me
    stood, honest = (me.x, me.z), bytearray(frames.up(seq=100, x=1200, y=0, z=900))
    codes = []
    for bit in range(8 * len(honest)):
        turned = bytearray(honest)
        turned[bit // 8] ^= 1 << bit % 8
        if bit < 8:
            async with seated(await bar.ticket(room, CHEAT)) as cheat:
                await cheat.send(frame(BINARY, bytes(turned)))
                codes.append(await cheat.code())
    assert codes == [4000] * 8
    async with seated(await bar.ticket(room, CHEAT)) as cheat:
        for bit in range(8, 8 * len(honest)):
            turned = bytearray(honest)
            turned[bit // 8] ^= 1 << bit % 8
            await cheat.send(frame(BINARY, bytes(turned)))
            await asyncio.sleep(0.01)
        await cheat.send(text(t="ping", n=9))
        assert (await cheat.told("pong"))["n"] == 9
    assert (me.x, me.z) == stood
    slots = {person.slot for person in quiet.witness.roster.people.values()}
    shown = {record.slot for down in bar.events(quiet.witness, Down) for record in down.records}
    assert shown <= slots


async def test_every_other_length_ends_the_socket(bar: Bar, room: UUID, quiet: Peace) -> None:
    up = frames.up(seq=1, x=1200, y=0, z=900)

    async def answer_to(length: int) -> int:
        async with seated(await bar.ticket(room)) as cheat:
            await cheat.send(frame(BINARY, (up * 10)[:length]))
            return await cheat.code()

    lengths = [*range(14), *range(15, 30), 125, 126, 127, 140]
    assert set(await asyncio.gather(*map(answer_to, lengths))) == {4000}


async def test_a_teleport_is_one_in_three_seconds(bar: Bar, room: UUID, quiet: Peace) -> None:
    async with seated(await bar.ticket(room, CHEAT)) as cheat:
        slot = await _slot(quiet, CHEAT)
        for seq in range(40):
            x = 100 if seq % 2 else 2300
            await cheat.send(frame(BINARY, frames.up(seq=seq, x=x, y=0, z=100, teleport=True)))
            await asyncio.sleep(1 / 40)
        track = await until(lambda: seen(bar.events(quiet.witness, Down), slot))
        assert len(too_fast(track)) <= 1


async def test_a_frame_names_no_slot(bar: Bar, room: UUID, quiet: Peace) -> None:
    """The others' slots in every byte of it: they stay where they are."""
    me = quiet.witness.roster.me
    assert me
    stood = (me.x, me.y, me.z)
    async with raw((body := await bar.ticket(room, CHEAT))["ws_url"]) as cheat:
        await cheat.hello(body["ticket"])
        down = struct.pack("<BBHIHHhHBBbb", 2, 1, 1, 9, me.slot, 5, 0, 5, 0, 0, 0, 0)
        for data in (
            struct.pack("<BBHHhHBBbb", 1, me.slot, me.slot, me.slot, me.slot, me.slot, me.slot, me.slot, 0, 0),
        ):
            await cheat.socket.send(data)
        await cheat.send(t="ping", n=1)
        await cheat.told("pong")
        await cheat.socket.send(down)
        assert await cheat.code() == 4000
    assert (me.x, me.y, me.z) == stood
    assert all(
        (r.x, r.z) == (me.x, me.z) for down in bar.events(quiet.walker, Down) for r in down.records if r.slot == me.slot
    )


async def _slot(quiet: Peace, user: UUID) -> int:
    """Of whoever has come into view."""
    roster = quiet.witness.roster
    await until(lambda: user in roster.people and roster.people[user].slot in roster.in_view)
    return roster.people[user].slot
