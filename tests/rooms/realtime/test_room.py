"""A room without sockets: members, offsets, what a tick shows."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.python import frames as client
from services.rooms.realtime import frames
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.frames import HEADROOM
from services.rooms.realtime.messages import Away, Back, Joined, Left
from services.rooms.realtime.movement import Pace, Reason
from services.rooms.realtime.room import Guest, Member, Room
from services.rooms.realtime.slots import SLOTS, Slots

ANN, BOB = UUID(int=1), UUID(int=2)


def guest(user: UUID) -> Guest:
    return Guest(user, visit=uuid4(), session=uuid4(), issued_at=datetime.now(UTC), device="web")


def room() -> Room:
    return Room(uuid4(), fence=3, epoch="e", floor=FLOORS["lounge"], pace=Pace(), slots=Slots())


def changes(room: Room, tick: int) -> bytearray | None:
    """The frame of this tick, as a hall makes it for all."""
    moved, _ = room.stage.changes()
    return frames.down(moved, tick, False, []) if moved else None


def shown(frame: bytearray | None) -> dict[int, tuple[int, int]]:
    """slot -> (x, z) of a frame down."""
    if frame is None:
        return {}
    told = client.read(bytes(frame[HEADROOM:]))
    assert isinstance(told, client.Down)
    return {record.slot: (record.x, record.z) for record in told.records}


def keyframe(room: Room) -> dict[int, tuple[int, int]]:
    return shown(frames.down(list(room.stage.shown.values()), 1, True, []))


def walk(room: Room, member: Member, dx: int, seq: int, now: float, *, teleport: bool = False) -> int:
    place = member.place
    return room.stage.move(member, client.up(seq=seq, x=place.x + dx, y=0, z=place.z, teleport=teleport), now)


def test_what_the_room_is_told_is_numbered_without_a_gap() -> None:
    bar = room()
    ann, joined = bar.admit(guest(ANN), now=0)
    bob, _ = bar.admit(guest(BOB), now=0)
    assert joined == Joined(1, ANN, 0, 0)
    assert bar.hide(bob) == Away(3, BOB)
    assert bar.show(bob, now=1) == Back(4, BOB)
    assert bar.say(ann, uuid4(), "hi", datetime.now(UTC)).offset == 5
    assert bar.part(bob, "left", now=2) == Left(6, BOB, "left")
    assert bar.offset == 6


def test_a_tick_shows_who_moved_and_nobody_else() -> None:
    bar = room()
    ann, _ = bar.admit(guest(ANN), now=0)
    bob, _ = bar.admit(guest(BOB), now=0)
    assert set(shown(changes(bar, 1))) == {ann.slot, bob.slot}  # they have just come in
    assert changes(bar, 2) is None
    assert walk(bar, ann, 30, seq=1, now=0.1) == 0
    assert walk(bar, ann, 30, seq=2, now=0.2) == 0
    assert shown(changes(bar, 3)) == {ann.slot: (ann.place.x, ann.place.z)}


def test_an_overtaken_move_is_dropped() -> None:
    bar = room()
    ann, _ = bar.admit(guest(ANN), now=0)
    walk(bar, ann, 30, seq=65535, now=0.1)
    walk(bar, ann, 30, seq=1, now=0.2)
    newest = ann.place.x
    walk(bar, ann, -90, seq=0, now=0.3)
    assert ann.place.x == newest


def test_a_cheat_is_put_back_and_not_shown() -> None:
    bar = room()
    ann, _ = bar.admit(guest(ANN), now=0)
    changes(bar, 1)
    before = ann.place.x
    assert walk(bar, ann, 900, seq=7, now=0.01) == Reason.SPEED
    assert (ann.seq, ann.place.x) == (7, before)
    assert changes(bar, 2) is None


def test_who_is_away_or_gone_is_not_shown() -> None:
    bar = room()
    ann, _ = bar.admit(guest(ANN), now=0)
    bob, _ = bar.admit(guest(BOB), now=0)
    bar.hide(ann)
    bar.part(bob, "left", now=0)
    assert changes(bar, 1) is None
    assert keyframe(bar) == {}
    assert [(seen.user, seen.away) for seen in bar.snapshot().members] == [(ANN, True)]
    bar.show(ann, now=1)
    assert set(shown(changes(bar, 2))) == {ann.slot}


def test_a_newcomer_has_a_slot_that_has_rested() -> None:
    bar = room()
    ann, _ = bar.admit(guest(ANN), now=0)
    bar.part(ann, "left", now=1)
    again, _ = bar.admit(guest(ANN), now=2)
    assert again.slot != ann.slot


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["in", "out", "away", "back", "walk", "tick"])), max_size=120)
)
def test_a_viewer_who_sees_every_tick_agrees_with_the_room(script: list[tuple[int, str]]) -> None:
    """Joins, leaves and ticks in any order: what a client pieces together is what the room holds."""
    bar, seen, slots = room(), dict[int, tuple[int, int]](), dict[int, UUID]()
    for now, (who, act) in enumerate(script, 1):
        user, member = UUID(int=who + 1), bar.members.get(UUID(int=who + 1))
        if act == "in" and member is None:
            member, joined = bar.admit(guest(user), now)
            slots[joined.slot] = user
        elif act == "tick":
            seen |= shown(changes(bar, now))
        elif member is None:
            continue
        elif act == "out":
            bar.part(member, "left", now)
            seen.pop(member.slot, None)
        elif act == "away" and not member.away:
            bar.hide(member)
            seen.pop(member.slot, None)
        elif act == "back" and member.away:
            bar.show(member, now)
        elif act == "walk" and not member.away:
            walk(bar, member, 5, seq=now, now=now)
    seen |= shown(changes(bar, 9999))
    assert seen == {member.slot: (member.place.x, member.place.z) for member in bar.visible()}
    assert seen == keyframe(bar)
    assert bar.offset >= len(bar.members)


def test_a_room_out_of_slots_turns_people_away() -> None:
    slots = Slots()
    for _ in range(SLOTS):
        slots.take(now=0)
    bar = Room(uuid4(), 1, "e", FLOORS["lounge"], Pace(), slots)
    with pytest.raises(LookupError):
        bar.admit(guest(ANN), now=0)
