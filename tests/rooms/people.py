"""Who and what the tests of rooms speak of."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from libs.contracts.rooms import RoomJoin, RoomLeave, SeatHold, SeatRelease
from services.rooms.deciders.seat import RoomNow
from services.rooms.deciders.visitor import Enter, Hold

NINE = datetime(2026, 2, 6, 21, tzinfo=UTC)
ANN, BOB = UUID(int=1), UUID(int=2)
LOGIN, OTHER_LOGIN = UUID(int=11), UUID(int=12)
LOUNGE, DANCE = UUID(int=101), UUID(int=102)
FIRST, SECOND = UUID(int=201), UUID(int=202)  # visits
NIGHT, NEXT_NIGHT = UUID(int=301), UUID(int=302)
GAP = timedelta(seconds=60)
KEPT = timedelta(seconds=30)


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def room_now(room_id: UUID = LOUNGE, **facts: Any) -> RoomNow:
    usual: dict[str, Any] = {
        "room_id": room_id,
        "theme": "lounge",
        "region": "eu",
        "created_by": None,
        "is_private": False,
        "is_open": True,
        "capacity": 50,
        "occupied": 0,
    }
    return RoomNow(**usual | facts)


def hold(room: RoomNow | None = None, *, at: datetime = NINE, **members: Any) -> Hold:
    usual: dict[str, Any] = {
        "user_id": ANN,
        "room": room or room_now(),
        "visit_id": FIRST,
        "night_id": NIGHT,
        "session_id": LOGIN,
        "issued_at": NINE,
        "device_type": "web",
        "join_source": "direct",
        "at": at,
        "expires_at": at + KEPT,
        "night_gap": GAP,
    }
    return Hold(**usual | members)


def enter(visit_id: UUID = FIRST, room: RoomNow | None = None, *, at: datetime = NINE) -> Enter:
    return Enter(visit_id, room or room_now(occupied=1), at)


def seat_hold(visit_id: UUID = FIRST, *, at: datetime = NINE, **fields: Any) -> SeatHold:
    usual: dict[str, Any] = {
        "visit_id": visit_id,
        "night_id": NIGHT,
        "room_id": LOUNGE,
        "user_id": ANN,
        "join_source": "direct",
        "device_type": "web",
        "session_id": LOGIN,
        "issued_at": NINE,
        "held_at": at,
        "expires_at": at + KEPT,
    }
    return SeatHold(**usual | fields)


def room_join(visit_id: UUID = FIRST, **fields: Any) -> RoomJoin:
    usual: dict[str, Any] = {
        "visit_id": visit_id,
        "night_id": NIGHT,
        "room_id": LOUNGE,
        "user_id": ANN,
        "join_source": "direct",
        "device_type": "web",
        "theme": "lounge",
        "region": "eu",
    }
    return RoomJoin(**usual | fields)


def room_leave(reason: Any, visit_id: UUID = FIRST, *, at: datetime, room_id: UUID = LOUNGE) -> RoomLeave:
    return RoomLeave(visit_id=visit_id, room_id=room_id, user_id=ANN, reason=reason, left_at=at)


def seat_release(reason: Any, visit_id: UUID = FIRST, *, room_id: UUID = LOUNGE) -> SeatRelease:
    return SeatRelease(visit_id=visit_id, room_id=room_id, user_id=ANN, reason=reason)
