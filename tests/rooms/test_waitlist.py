"""A full room has a line: whoever asks stands in it, whoever goes on asking moves up, and nobody slips in."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.contracts.identity import UserSuspend
from services.rooms.consumers import on_sanction_user, on_user_suspend
from services.rooms.deciders.refusals import RoomFull
from services.rooms.sanctions import SANCTIONS
from services.rooms.visits import Visits
from services.rooms.waitlist import Waitlist
from tests.libs.chassis.house import envelope_of
from tests.rooms.checker import checked
from tests.rooms.front import WEB, Front, front_of, problem
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, NINE, after
from tests.rooms.safety import imposed, told

CAT, DAN = UUID(int=3), UUID(int=4)
WAITING = "select user_id from waiting order by number"
HOLDS = "select (data->>'user_id')::uuid as user_id from events where name = 'seat_hold' order by pos"


@pytest.fixture
async def front(house: House) -> AsyncIterator[Front]:
    async with front_of(house, limit_waiting=3) as made:
        yield made


async def full(front: Front, **plan: Any) -> tuple[str, list[UUID]]:
    """A room of two, and who sits there."""
    room, people = await front.room(uuid4(), capacity=2, **plan), [uuid4(), uuid4()]
    for person in people:
        await front.house.seat(person, UUID(room), front.house.now)
    return room, people


async def position(front: Front, who: UUID, room: str, **more: Any) -> int | None:
    """In line; 0 for a seat, None for a room that is full without a line."""
    answer = await front.ask(who, "POST", f"/rooms/{room}/join", WEB, **more)
    if answer.status_code == 200:
        return 0
    assert problem(answer) == (409, "room_full")
    line = answer.json().get("waitlist")
    if line is None:
        assert "retry-after" not in answer.headers
        return None
    assert int(answer.headers["retry-after"]) == 3
    assert line["expires_at"].endswith("Z"), "written like every other time"
    assert (datetime.fromisoformat(line["expires_at"]) - front.house.now).total_seconds() == 20
    place: int = line["position"]
    return place


async def in_line(front: Front) -> list[UUID]:
    return [row["user_id"] for row in await front.house.pool.fetch(WAITING)]


async def test_a_seat_given_back_goes_to_the_first_of_the_line(front: Front) -> None:
    room, (one, _) = await full(front)
    assert [await position(front, who, room) for who in (ANN, BOB, CAT)] == [1, 2, 3]
    assert await position(front, BOB, room) == 2, "asking again keeps the place"
    assert await position(front, BOB, room, key="k1") == await position(front, BOB, room, key="k1") == 2
    assert (await front.ask(one, "POST", f"/rooms/{room}/leave")).status_code == 204
    assert await position(front, CAT, room) == 3, "a seat is free, and not for them"
    assert await position(front, BOB, room) == 2
    assert await position(front, ANN, room) == 0
    assert [await position(front, who, room) for who in (BOB, CAT)] == [1, 2]
    assert await in_line(front) == [BOB, CAT]


async def test_of_two_seats_given_back_the_second_of_the_line_has_one_without_waiting_for_the_first(
    front: Front,
) -> None:
    room, people = await full(front)
    assert [await position(front, who, room) for who in (ANN, BOB, CAT)] == [1, 2, 3]
    for person in people:
        await front.ask(person, "POST", f"/rooms/{room}/leave")
    assert [await position(front, who, room) for who in (CAT, BOB, ANN)] == [3, 0, 0]


async def test_a_place_nobody_asks_about_is_lost(front: Front) -> None:
    room, (one, _) = await full(front)
    assert [await position(front, who, room) for who in (ANN, BOB)] == [1, 2]
    front.house.now = after(19)
    assert await position(front, BOB, room) == 2
    front.house.now = after(20)
    assert await position(front, BOB, room) == 1
    assert await position(front, ANN, room) == 2, "behind, like any newcomer"
    await front.ask(one, "POST", f"/rooms/{room}/leave")
    front.house.now = after(40)
    assert await position(front, CAT, room) == 0, "nobody waits any more"


async def test_the_line_has_an_end_and_each_person_one_place(front: Front) -> None:
    room, _ = await full(front)
    other, _ = await full(front)
    assert [await position(front, who, room) for who in (ANN, BOB, CAT, DAN)] == [1, 2, 3, None]
    assert await position(front, ANN, other) == 1
    assert [await position(front, who, room) for who in (BOB, CAT, DAN)] == [1, 2, 3]
    assert await position(front, ANN, room) is None
    assert sorted(await in_line(front)) == [ANN, BOB, CAT, DAN]


async def test_whoever_leaves_or_sits_down_elsewhere_waits_no_longer(front: Front) -> None:
    room, _ = await full(front)
    elsewhere = await front.room(uuid4())
    assert [await position(front, who, room) for who in (ANN, BOB, CAT)] == [1, 2, 3]
    assert (await front.ask(ANN, "POST", f"/rooms/{room}/leave")).status_code == 204
    assert await position(front, BOB, elsewhere) == 0
    assert await in_line(front) == [CAT]


async def test_whoever_is_shown_out_banned_suspended_or_erased_waits_no_longer(front: Front) -> None:
    room, _ = await full(front)
    elsewhere = await front.room(uuid4(), capacity=2)
    await front.house.seat(DAN, UUID(elsewhere))
    assert [await position(front, who, room) for who in (ANN, BOB, CAT)] == [1, 2, 3]
    host = (await front.ask(ANN, "GET", f"/rooms/{room}")).json()["created_by"]
    assert (await front.ask(UUID(host), "POST", f"/rooms/{room}/kicks", {"user_id": str(BOB)})).status_code == 204
    assert problem(await front.ask(BOB, "POST", f"/rooms/{room}/join", WEB)) == (403, "room_banned")
    assert await in_line(front) == [ANN, CAT]
    ban = imposed("room_ban", CAT, until=after(60)).model_copy(update={"room_id": UUID(room)})
    async with front.house.pool.acquire() as db:
        await SANCTIONS.apply(db, told(ban))
    await front.house.store.run(lambda unit: on_sanction_user(unit, told(ban)), at=NINE)
    assert await in_line(front) == [ANN]
    suspended = envelope_of(UserSuspend(user_id=ANN, sanction_id=uuid4()), f"user-{ANN}")
    await front.house.store.run(lambda unit: on_user_suspend(unit, suspended), at=NINE)
    assert await in_line(front) == []


async def test_a_locked_room_and_a_private_one_keep_the_line_of_the_invited(front: Front) -> None:
    room, (one, _) = await full(front)
    host = UUID((await front.ask(ANN, "GET", f"/rooms/{room}")).json()["created_by"])
    token = await front.invite(host, room)
    assert await position(front, ANN, room) == 1
    for _ in range(2):
        full_up = await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)
        assert problem(full_up) == (409, "room_full")
        assert full_up.json()["waitlist"]["position"] == 2
    assert (await front.ask(host, "POST", f"/rooms/{room}/lock")).status_code == 204
    assert await in_line(front) == [BOB]
    assert problem(await front.ask(ANN, "POST", f"/rooms/{room}/join", WEB)) == (403, "room_locked")
    await front.ask(one, "POST", f"/rooms/{room}/leave")
    assert (await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)).status_code == 200
    await front.ask(host, "DELETE", f"/rooms/{room}/lock")
    assert await position(front, ANN, room) == 1
    await front.ask(host, "PATCH", f"/rooms/{room}", {"is_private": True})
    assert await in_line(front) == []


async def test_the_bearer_of_an_invite_passes_nobody(front: Front) -> None:
    room, (one, _) = await full(front)
    host = UUID((await front.ask(ANN, "GET", f"/rooms/{room}")).json()["created_by"])
    token = await front.invite(host, room)
    assert await position(front, ANN, room) == 1
    await front.ask(one, "POST", f"/rooms/{room}/leave")
    assert problem(await front.ask(BOB, "POST", f"/invites/{token}/join", WEB)) == (409, "room_full")
    assert await position(front, ANN, room) == 0


async def test_nobody_is_brought_to_a_seat_that_others_wait_for_nor_made_to_wait(front: Front) -> None:
    room, (one, _) = await full(front)
    assert await position(front, ANN, room) == 1
    await front.ask(one, "POST", f"/rooms/{room}/leave")
    assert problem(await front.ask(BOB, "POST", "/matchmaking/join", WEB)) == (409, "no_room")
    assert await in_line(front) == [ANN]
    found = await front.ask(ANN, "POST", "/matchmaking/join", WEB)
    assert found.status_code == 200
    assert found.json()["room"]["id"] == room


async def test_a_smaller_room_serves_its_line_when_enough_have_left(front: Front) -> None:
    room, people = await full(front)
    host = UUID((await front.ask(ANN, "GET", f"/rooms/{room}")).json()["created_by"])
    await front.ask(host, "PATCH", f"/rooms/{room}", {"capacity": 3})
    third = uuid4()
    await front.house.seat(third, UUID(room))
    await front.ask(host, "PATCH", f"/rooms/{room}", {"capacity": 2})
    assert await position(front, ANN, room) == 1
    await front.ask(people[0], "POST", f"/rooms/{room}/leave")
    assert await position(front, ANN, room) == 1
    await front.ask(people[1], "POST", f"/rooms/{room}/leave")
    assert await position(front, ANN, room) == 0


async def test_lapsed_places_are_swept_away(front: Front) -> None:
    room, _ = await full(front)
    sweeper = front.house.sweeper()
    await position(front, ANN, room)
    front.house.now = after(15)
    await position(front, BOB, room)
    front.house.now = after(601)
    await position(front, CAT, room)
    await sweeper.sweep()
    assert await in_line(front) == [CAT]


class NoLine(Waitlist):
    """The naive room: whoever knocks first when a seat is free has it."""

    async def before(self, *asked: Any) -> int:
        return 0


async def served(house: House, visits: Visits, *, regulars: int = 8) -> tuple[list[UUID], list[UUID]]:
    """Regulars stand in line; then seats are given back one by one among them and newcomers, all knocking at once.

    Returns the line, and who of all of them got a seat, in the order of the log.
    """
    await house.node()
    room, dice = await house.room(2), random.Random(5)
    seated = [uuid4(), uuid4()]
    for user in seated:
        await house.hold(user, room)
    line = [uuid4() for _ in range(regulars)]

    async def ask(user: UUID) -> bool:
        try:
            await visits.hold(house.guest(user), room, NINE)
        except RoomFull:
            return False
        seated.append(user)
        return True

    for user in line:
        assert not await ask(user)
    waiting = set(line)
    while waiting:
        await visits.leave_room(seated.pop(0), room, NINE)
        knocking = [*waiting, *(uuid4() for _ in range(4))]
        dice.shuffle(knocking)
        got = await asyncio.gather(*map(ask, knocking))
        waiting -= {user for user, has in zip(knocking, got, strict=True) if has}
    assert (await checked(house.pool)).clean
    return line, [row["user_id"] for row in await house.pool.fetch(HOLDS)][2:]


async def test_nobody_slips_in_between_a_seat_given_back_and_the_first_of_the_line(house: House) -> None:
    line, got = await served(house, house.rooms.visits)
    assert got == line


async def test_without_the_line_the_same_crowd_slips_in(house: House) -> None:
    line, got = await served(house, Visits(house.store, house.pool, house.settings, NoLine(house.settings)))
    assert got != line
