"""What a room is, and who may change it."""

from contextlib import suppress
from typing import Any

from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from libs.contracts.rooms import RoomClose, RoomCreate, RoomUpdate
from libs.eventstore.decider import Refused
from services.rooms.deciders.refusals import NotFound, NotHost, RoomClosed, RoomQuota, SystemRoom
from services.rooms.deciders.room import ROOM, Close, Command, Create, Name, Update, decide
from tests.given import given, play
from tests.rooms.people import ANN, BOB, LOUNGE

BLUE_NOTE, RED_DOOR = Name("The Blue Note", "a" * 64), Name("The Red Door", "b" * 64)


def facts(**fields: Any) -> dict[str, Any]:
    usual = {
        "room_id": LOUNGE,
        "name_mark": BLUE_NOTE.mark,
        "theme": "lounge",
        "is_private": False,
        "capacity": 50,
        "region": "eu",
        "created_by": ANN,
    }
    return usual | fields


def create(**members: Any) -> Create:
    usual: dict[str, Any] = {k: v for k, v in facts().items() if k != "name_mark"} | {"name": BLUE_NOTE, "quota": 3}
    return Create(**usual | members)


opened = RoomCreate(name=BLUE_NOTE.text, **facts())
of_the_house = RoomCreate(name=BLUE_NOTE.text, **facts(created_by=None))
closed = RoomClose(**{k: v for k, v in facts().items() if k != "name_mark"})


def test_a_host_opens_a_room() -> None:
    given(ROOM).when(create()).then(opened)


def test_a_room_that_is_open_already_is_opened_no_second_time() -> None:
    given(ROOM, opened).when(create(hosted=3)).then()
    given(ROOM, opened, closed).when(create()).then()
    given(ROOM, opened).when(create(created_by=BOB)).then_refused(NotHost)


def test_one_host_has_so_many_open_rooms_and_the_house_as_many_as_it_likes() -> None:
    given(ROOM).when(create(hosted=2)).then(opened)
    given(ROOM).when(create(hosted=3)).then_refused(RoomQuota)
    given(ROOM).when(create(created_by=None, hosted=3)).then(of_the_house)


def test_a_host_changes_what_is_given_and_nothing_else() -> None:
    given(ROOM, opened).when(Update(ANN, capacity=10)).then(RoomUpdate(**facts(capacity=10)))
    given(ROOM, opened).when(Update(ANN, is_private=True, theme="dance")).then(
        RoomUpdate(**facts(is_private=True, theme="dance"))
    )


def test_a_new_name_is_told_and_the_same_name_is_no_change() -> None:
    given(ROOM, opened).when(Update(ANN, RED_DOOR)).then(
        RoomUpdate(name=RED_DOOR.text, **facts(name_mark=RED_DOOR.mark))
    )
    given(ROOM, opened).when(Update(ANN, BLUE_NOTE, capacity=50)).then()


def test_nobody_but_the_host_changes_or_closes_a_room() -> None:
    for command in (Update(BOB, capacity=10), Close(BOB)):
        given(ROOM, opened).when(command).then_refused(NotHost)
        given(ROOM, opened, closed).when(command).then_refused(NotHost)
        given(ROOM, of_the_house).when(command).then_refused(SystemRoom)
        given(ROOM).when(command).then_refused(NotFound)


def test_a_room_closes_once_and_for_good() -> None:
    given(ROOM, opened).when(Close(ANN)).then(closed)
    given(ROOM, opened, closed).when(Close(ANN)).then()
    given(ROOM, opened, closed).when(Update(ANN, capacity=10)).then_refused(RoomClosed)


WHO = st.sampled_from([ANN, BOB])
NAMES = st.sampled_from([BLUE_NOTE, RED_DOOR, Name("Nobody's", None)])
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(create, name=NAMES, created_by=st.none() | WHO, hosted=st.integers(0, 4)),
    st.builds(Update, WHO, st.none() | NAMES, st.sampled_from([None, "dance"]), st.none() | st.booleans(),
              st.none() | st.integers(2, 4)),
    st.builds(Close, WHO),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@forall(st.lists(COMMANDS, max_size=8), COMMANDS)
def test_any_command_may_be_retried(script: list[Command], command: Command) -> None:
    state = play(ROOM, script)
    with suppress(Refused):
        state = ROOM.fold(decide(state, command), state)
        assert list(decide(state, command)) == []
