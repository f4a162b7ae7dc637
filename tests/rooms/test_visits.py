"""Seats held, taken and given back, on real PostgreSQL."""

from datetime import timedelta
from uuid import uuid4

import pytest

from libs.eventstore.store import Once
from services.rooms.deciders.refusals import NotFound, RoomClosed, RoomFull, SeatGone
from services.rooms.deciders.visitor import Revoke
from services.rooms.node_door import BadTicket, NotOwner
from services.rooms.placement import NoNode
from services.rooms.visits import revoke
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, LOGIN, NINE, OTHER_LOGIN, after


async def test_a_held_seat_becomes_a_visit_at_the_first_hello(house: House) -> None:
    await house.node()
    room = await house.room()
    ticket = await house.hold(ANN, room)
    assert ticket.ws_url == f"ws://node-1:1/v1/rt/node-1/{room}"
    assert ticket.expires_at == NINE + timedelta(seconds=30)
    entered = await house.enter(ticket, room)
    assert (entered.visit_id, entered.user_id, entered.joined) == (ticket.visit_id, ANN, True)
    assert await house.story(ANN) == [("seat_hold", None), ("room_join", None)]
    visit = await house.pool.fetchrow("select * from room_memberships")
    assert visit is not None
    assert (visit["id"], visit["room_id"], visit["joined_at"], visit["left_at"]) == (ticket.visit_id, room, NINE, None)


async def test_a_ticket_opens_the_door_once(house: House) -> None:
    await house.node()
    room = await house.room()
    ticket = await house.hold(ANN, room)
    await house.enter(ticket, room)
    with pytest.raises(BadTicket):
        await house.enter(ticket, room)


async def test_a_newer_ticket_replaces_the_one_before(house: House) -> None:
    await house.node()
    room = await house.room()
    first, second = await house.hold(ANN, room), await house.hold(ANN, room)
    assert first.visit_id == second.visit_id
    with pytest.raises(BadTicket):
        await house.enter(first, room)
    await house.enter(second, room)


@pytest.mark.parametrize("forged", ["", "wrong", "é", "A" * 53, "A" * 54, "!" * 54])
async def test_what_was_never_a_ticket_opens_nothing(house: House, forged: str) -> None:
    await house.node()
    room = await house.room()
    ticket = await house.hold(ANN, room)
    fence = (await house.door.owned_rooms("node-1", 1))[0].fence
    for text in (forged, ticket.ticket[:-2] + "AA"):
        with pytest.raises(BadTicket):
            await house.door.enter(text, room, "node-1", fence, NINE)
    assert await house.occupied(room) == 1


async def test_a_ticket_for_one_room_opens_no_other(house: House) -> None:
    await house.node()
    here, there = await house.room(), await house.room()
    await house.hold(BOB, there)
    ticket = await house.hold(ANN, here)
    with pytest.raises(BadTicket):
        await house.enter(ticket, there)


async def test_a_seated_visitor_gets_a_new_ticket_for_the_same_visit(house: House) -> None:
    await house.node()
    room = await house.room()
    entered = await house.seat(ANN, room)
    ticket = await house.rooms.visits.ticket(ANN, ANN, room, after(100))
    assert ticket.visit_id == entered.visit_id
    assert ticket.expires_at == after(130)
    again = await house.enter(ticket, room, after(110))
    assert (again.joined, again.visit_id) == (False, entered.visit_id)
    late = await house.rooms.visits.ticket(ANN, ANN, room, after(200))
    with pytest.raises(BadTicket):
        await house.enter(late, room, after(230))


async def test_a_hello_after_the_hold_ran_out_finds_the_seat_gone_and_frees_it(house: House) -> None:
    await house.node()
    room = await house.room()
    ticket = await house.hold(ANN, room)
    with pytest.raises(SeatGone):
        await house.enter(ticket, room, after(30))
    assert await house.story(ANN) == [("seat_hold", None), ("seat_release", "expired")]
    assert await house.occupied(room) == 0
    with pytest.raises(SeatGone):
        await house.rooms.visits.ticket(ANN, ANN, room, after(31))


async def test_a_hello_is_refused_where_the_room_shrank_meanwhile(house: House) -> None:
    await house.node()
    room = await house.room(3, host=BOB)
    tickets = [await house.hold(uuid4(), room) for _ in range(3)]
    await house.rooms.hosting.update(room, BOB, NINE, capacity=2)
    with pytest.raises(SeatGone):
        await house.enter(tickets[0], room)
    await house.enter(tickets[1], room)
    await house.enter(tickets[2], room)
    assert await house.occupied(room) == 2


async def test_a_full_room_says_so_and_a_room_that_is_not_there_too(house: House) -> None:
    await house.node()
    room = await house.room(2)
    for _ in range(2):
        await house.hold(uuid4(), room)
    with pytest.raises(RoomFull):
        await house.hold(ANN, room)
    with pytest.raises(NotFound):
        await house.hold(ANN, uuid4())


async def test_a_seat_elsewhere_leaves_the_room_one_is_in(house: House) -> None:
    await house.node()
    here, there = await house.room(), await house.room()
    await house.seat(ANN, here)
    await house.hold(ANN, there, after(5))
    assert (await house.occupied(here), await house.occupied(there)) == (0, 1)
    assert await house.story(ANN) == [
        ("seat_hold", None),
        ("room_join", None),
        ("room_leave", "switched"),
        ("seat_hold", None),
    ]


async def test_a_login_gets_no_ticket_to_a_seat_that_would_outlive_it(house: House) -> None:
    await house.node()
    room = await house.room()
    await house.seat(ANN, room, session_id=LOGIN)
    with pytest.raises(SeatGone):
        await house.rooms.visits.ticket(ANN, OTHER_LOGIN, room, after(1))
    await house.seat(ANN, room, after(2), session_id=OTHER_LOGIN)
    over = Revoke("revoked", after(3), OTHER_LOGIN)
    assert await house.store.run(lambda unit: revoke(unit, ANN, over), at=after(3))
    assert await house.occupied(room) == 0


async def test_leaving_twice_is_leaving_once(house: House) -> None:
    await house.node()
    room, elsewhere = await house.room(), await house.room()
    entered = await house.seat(ANN, room)
    await house.rooms.visits.leave_room(ANN, elsewhere, after(1))
    assert await house.occupied(room) == 1
    await house.rooms.visits.leave_room(ANN, room, after(2))
    await house.rooms.visits.leave_room(ANN, room, after(3))
    assert not await house.door.leave(entered.visit_id, "left", after(4))
    assert await house.story(ANN) == [("seat_hold", None), ("room_join", None), ("room_leave", "left")]
    assert await house.pool.fetchval("select left_at from room_memberships") == after(2)


async def test_a_repeated_request_gets_the_same_visit_and_no_new_event(house: House) -> None:
    await house.node()
    room = await house.room()
    once = Once(ANN, "join-1", b"\0" * 32)
    first, again = await house.hold(ANN, room, once=once), await house.hold(ANN, room, after(5), once=once)
    assert again.visit_id == first.visit_id
    assert again.ticket != first.ticket
    assert await house.story(ANN) == [("seat_hold", None)]
    await house.rooms.visits.leave_room(ANN, room, after(6))
    with pytest.raises(SeatGone):
        await house.hold(ANN, room, after(7), once=once)


async def test_without_a_live_node_nobody_gets_a_seat(house: House) -> None:
    room = await house.room()
    with pytest.raises(NoNode):
        await house.hold(ANN, room)
    await house.node("far", region="me")
    with pytest.raises(NoNode):
        await house.hold(ANN, room)
    assert await house.occupied(room) == 0
    assert await house.story(ANN) == []


async def test_a_closed_room_ends_every_visit_in_it(house: House) -> None:
    await house.node()
    room = await house.room(host=BOB)
    entered = await house.seat(ANN, room)
    await house.rooms.hosting.close(room, BOB, after(5))
    assert (await house.story(ANN))[-1] == ("room_leave", "room_closed")
    for attempt in (house.hold(uuid4(), room), house.rooms.hosting.update(room, BOB, NINE, capacity=9)):
        with pytest.raises(RoomClosed):
            await attempt
    with pytest.raises(SeatGone):
        fence = (await house.door.owned_rooms("node-1", 1))[0].fence
        await house.door.resume(entered.resume_token, room, "node-1", fence, after(6))


async def test_a_resume_token_rotates_and_the_old_one_is_good_until_the_client_speaks(house: House) -> None:
    await house.node()
    room = await house.room()
    first = await house.seat(ANN, room)
    fence = (await house.door.owned_rooms("node-1", 1))[0].fence
    lost = await house.door.resume(first.resume_token, room, "node-1", fence, after(1))
    second = await house.door.resume(first.resume_token, room, "node-1", fence, after(2))  # its welcome got lost
    with pytest.raises(BadTicket):
        await house.door.resume(lost.resume_token, room, "node-1", fence, after(3))
    await house.door.confirm(second.visit_id, second.resume_token)
    with pytest.raises(BadTicket):
        await house.door.resume(first.resume_token, room, "node-1", fence, after(4))
    assert (await house.door.resume(second.resume_token, room, "node-1", fence, after(5))).visit_id == first.visit_id
    with pytest.raises(NotOwner):
        await house.door.resume(second.resume_token, room, "node-1", fence + 1, after(6))
    await house.door.leave(first.visit_id, "left", after(7))
    with pytest.raises(SeatGone):
        await house.door.resume(second.resume_token, room, "node-1", fence, after(8))


async def test_a_revoked_login_loses_its_seat_and_no_other(house: House) -> None:
    await house.node()
    room = await house.room()
    await house.seat(ANN, room, session_id=LOGIN)
    for session, ends in ((OTHER_LOGIN, False), (LOGIN, True), (LOGIN, False)):
        command = Revoke("revoked", after(9), session)
        assert await house.store.run(lambda unit, c=command: revoke(unit, ANN, c), at=after(9)) is ends  # type: ignore[misc]
    assert (await house.story(ANN))[-1] == ("room_leave", "revoked")
