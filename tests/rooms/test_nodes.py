"""Who owns a room, and what an owner that no longer is one may not do."""

from uuid import uuid4

import pytest

from services.rooms.node_door import BadTicket, NodeReplaced, NotOwner
from tests.rooms.house import House
from tests.rooms.people import ANN, BOB, NINE, after


async def lease_over(house: House, node: str) -> None:
    await house.pool.execute("update nodes set lease_until = clock_timestamp() where node_id = $1", node)


async def test_a_room_goes_to_the_least_loaded_live_node_of_its_region(house: House) -> None:
    for name, load in (("busy", 0.9), ("calm", 0.1), ("drained", 0.0), ("dead", 0.0)):
        await house.node(name)
        await house.door.renew_node(name, 1, load, accepting=name != "drained")
    await lease_over(house, "dead")
    await house.node("far", region="me")
    room = await house.room()
    assert "/calm/" in (await house.hold(ANN, room)).ws_url
    await house.door.renew_node("calm", 1, 1.0)
    assert "/calm/" in (await house.hold(BOB, room)).ws_url, "an owner keeps its room whatever its load"


async def test_rooms_opened_in_one_breath_do_not_all_go_to_one_node(house: House) -> None:
    await house.node("a")
    await house.node("b")
    urls = {(await house.hold(uuid4(), await house.room())).ws_url.split("/")[-2] for _ in range(4)}
    assert urls == {"a", "b"}


async def test_a_dead_owner_loses_the_room_and_may_write_no_more(house: House) -> None:
    await house.node("old")
    room = await house.room()
    seated = await house.seat(ANN, room)
    old = await house.door.claim(room, "old", 1)
    waiting = await house.hold(BOB, room)
    await lease_over(house, "old")
    await house.node("new")
    moved = await house.rooms.visits.ticket(ANN, ANN, room, after(5))
    assert "/new/" in moved.ws_url
    new = await house.door.claim(room, "new", 1)
    assert new.fence > old.fence
    with pytest.raises(NotOwner):
        await house.door.enter(waiting.ticket, room, "old", old.fence, after(6))
    with pytest.raises(NotOwner):
        await house.door.leave(seated.visit_id, "expired", after(6), fence=old.fence)
    with pytest.raises(NotOwner):
        await house.door.claim(room, "old", 1)
    assert await house.door.beat("old", 1, {seated.visit_id: after(7)}) == {seated.visit_id}
    with pytest.raises(BadTicket):  # bound to the owner it was made for
        await house.door.enter(waiting.ticket, room, "new", new.fence, after(6))
    again = await house.door.enter(moved.ticket, room, "new", new.fence, after(6))
    assert (again.joined, again.visit_id) == (False, seated.visit_id)


async def test_a_lease_renewed_while_a_join_waits_for_the_guard_keeps_the_room(house: House) -> None:
    await house.node()
    room = await house.room()
    await house.hold(ANN, room)
    before = await house.door.claim(room, "node-1", 1)
    await lease_over(house, "node-1")
    await house.door.renew_node("node-1", 1, 0.5)
    await house.hold(BOB, room)
    assert (await house.door.claim(room, "node-1", 1)).fence == before.fence


async def test_a_room_given_up_goes_to_another_node(house: House) -> None:
    await house.node("old")
    room = await house.room()
    await house.seat(ANN, room)
    fence = (await house.door.claim(room, "old", 1)).fence
    await house.door.renew_node("old", 1, 0.0, accepting=False)
    await house.node("new")
    await house.door.give_up(room, "old", fence)
    assert await house.door.owned_rooms("old", 1) == []
    assert "/new/" in (await house.rooms.visits.ticket(ANN, ANN, room, after(1))).ws_url
    await house.door.give_up(room, "old", fence)  # late, and of no effect
    assert [owned.room_id for owned in await house.door.owned_rooms("new", 1)] == [room]


async def test_a_newer_process_under_the_same_name_replaces_the_older(house: House) -> None:
    await house.node()
    room = await house.room()
    await house.hold(ANN, room)
    assert await house.door.register("node-1", "ws://node-1:2", "eu") == 2
    with pytest.raises(NodeReplaced):
        await house.door.renew_node("node-1", 1, 0.0)
    assert await house.door.owned_rooms("node-1", 2) == [], "a new life begins without rooms"
    await house.door.retire("node-1", 1)
    assert ":2/" in (await house.hold(BOB, room)).ws_url, "the dead hand of the older one retires nobody"


async def test_a_beat_keeps_seats_alive_and_says_which_are_gone(house: House) -> None:
    await house.node()
    room = await house.room()
    ann, bob = await house.seat(ANN, room), await house.seat(BOB, room)
    await house.door.leave(bob.visit_id, "left", after(3))
    stranger = uuid4()
    gone = await house.door.beat("node-1", 1, {v: after(15) for v in (ann.visit_id, bob.visit_id, stranger)})
    assert gone == {bob.visit_id, stranger}
    assert [seat.last_heartbeat for seat in await house.door.seats(room)] == [after(15)]
    await house.door.beat("node-1", 1, {ann.visit_id: NINE})
    assert [seat.last_heartbeat for seat in await house.door.seats(room)] == [after(15)], "time does not run backwards"
