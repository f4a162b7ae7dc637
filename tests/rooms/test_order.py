"""What hosts and moderators may do in a room, and that saying it twice changes nothing."""

from datetime import datetime
from typing import Any

import pytest

from libs.contracts.rooms import RoomClose, RoomCreate, RoomInvite, RoomMute, RoomUnmute, RoomUpdate
from services.rooms.deciders.order import Invite, Lock, Mute, Muted, Unmute
from services.rooms.deciders.refusals import NotFound, NotHost, NotSeated, RoomClosed, Self, SystemRoom
from services.rooms.deciders.room import ROOM, Close, Update
from tests.given import given
from tests.rooms.people import ANN, BOB, FIRST, LOUNGE, after

CAT = FIRST  # another guest
FACTS: dict[str, Any] = {
    "room_id": LOUNGE,
    "theme": "lounge",
    "is_private": False,
    "capacity": 9,
    "region": "eu",
    "created_by": ANN,
}
opened = RoomCreate(name="Room", **FACTS)
private = RoomCreate(name="Room", **FACTS | {"is_private": True})
house_room = RoomCreate(name="Room", **FACTS | {"created_by": None})
locked = RoomUpdate(is_locked=True, **FACTS)
unlocked = RoomUpdate(is_locked=False, **FACTS)
closed = RoomClose(**FACTS)
LATER: datetime = after(3600)


def muted(by: Any = ANN, until: datetime | None = None) -> RoomMute:
    return RoomMute(room_id=LOUNGE, user_id=BOB, by_user_id=by, until=until)


def invite(by: Any = ANN, user: Any = None, **more: Any) -> Invite:
    usual: dict[str, Any] = {"invite_id": CAT, "expires_at": LATER, "seated": False}
    return Invite(by=by, user=user, **usual | more)


def invited(by: Any = ANN, user: Any = None) -> RoomInvite:
    return RoomInvite(invite_id=CAT, room_id=LOUNGE, inviter_user_id=by, user_id=user, expires_at=LATER)


def test_a_host_locks_the_room_and_opens_it_again() -> None:
    given(ROOM, opened).when(Lock(ANN, locked=True)).then(locked)
    given(ROOM, opened, locked).when(Lock(ANN, locked=True)).then()
    given(ROOM, opened, locked).when(Lock(ANN, locked=False)).then(unlocked)
    given(ROOM, opened).when(Lock(ANN, locked=False)).then()


def test_a_lock_stays_when_something_else_is_changed() -> None:
    given(ROOM, opened, locked).when(Update(ANN, capacity=3)).then(
        RoomUpdate(is_locked=True, **FACTS | {"capacity": 3})
    )


def test_a_mute_is_said_once_and_changed_by_another_end() -> None:
    given(ROOM, opened).when(Mute(ANN, BOB, None, standing=None)).then(muted())
    given(ROOM, opened).when(Mute(ANN, BOB, None, standing=Muted(None))).then()
    given(ROOM, opened).when(Mute(ANN, BOB, LATER, standing=Muted(None))).then(muted(until=LATER))
    unmuted = RoomUnmute(room_id=LOUNGE, user_id=BOB, by_user_id=ANN)
    given(ROOM, opened).when(Unmute(ANN, BOB, standing=Muted(LATER))).then(unmuted)
    given(ROOM, opened).when(Unmute(ANN, BOB, standing=None)).then()


def test_nobody_mutes_or_invites_themselves() -> None:
    given(ROOM, opened).when(Mute(ANN, ANN, None, standing=None)).then_refused(Self)
    given(ROOM, opened).when(invite(user=ANN)).then_refused(Self)


@pytest.mark.parametrize(
    "command",
    [
        Lock(BOB, locked=True),
        Mute(BOB, CAT, None, standing=None),
        Unmute(BOB, CAT, standing=None),
        Update(BOB, capacity=2),
        Close(BOB),
    ],
)
def test_a_guest_keeps_no_order(command: Any) -> None:
    given(ROOM, opened).when(command).then_refused(NotHost)
    given(ROOM).when(command).then_refused(NotFound)


def test_a_moderator_is_a_host_everywhere() -> None:
    given(ROOM, opened).when(Lock(BOB, locked=True, moderator=True)).then(locked)
    given(ROOM, opened).when(Mute(CAT, BOB, None, standing=None, moderator=True)).then(muted(CAT))
    given(ROOM, opened).when(Close(BOB, moderator=True)).then(closed)
    given(ROOM, private).when(invite(BOB, moderator=True)).then(invited(BOB))


def test_the_houses_own_rooms_are_kept_in_order_by_moderators_and_changed_by_nobody() -> None:
    given(ROOM, house_room).when(Mute(CAT, BOB, None, standing=None, moderator=True)).then(muted(CAT))
    given(ROOM, house_room).when(Lock(BOB, locked=True)).then_refused(NotHost)
    for change in (Update(BOB, capacity=2, moderator=True), Close(BOB, moderator=True)):
        given(ROOM, house_room).when(change).then_refused(SystemRoom)


def test_to_a_public_room_anybody_there_may_ask_a_friend() -> None:
    given(ROOM, opened).when(invite(BOB, CAT, seated=True)).then(invited(BOB, CAT))
    given(ROOM, opened).when(invite(BOB, CAT)).then_refused(NotSeated)
    given(ROOM, opened).when(invite(ANN)).then(invited(ANN))


@pytest.mark.parametrize("history", [[private], [opened, locked]])
def test_what_is_shut_opens_by_its_hosts_word_alone(history: list[Any]) -> None:
    given(ROOM, *history).when(invite(BOB, CAT, seated=True)).then_refused(NotHost)
    given(ROOM, *history).when(invite(ANN, CAT)).then(invited(ANN, CAT))


@pytest.mark.parametrize("command", [Lock(ANN, locked=True), Mute(ANN, BOB, None, standing=None), invite()])
def test_there_is_no_order_to_keep_in_a_room_that_has_closed(command: Any) -> None:
    given(ROOM, opened, closed).when(command).then_refused(RoomClosed)
