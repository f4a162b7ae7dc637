"""Two guests, one room: what one does the other sees. The whole way over real sockets and real stores."""

from clients.python.events import Left, Said
from tests.rooms.realtime.bar import Bar
from tests.waiting import until


async def test_two_guests_see_each_other_come_move_talk_and_go(bar: Bar) -> None:
    room = await bar.house.room()
    ann = await bar.join(room)
    bob = await bar.join(room)
    await until(lambda: bar.user(bob) in ann.roster.people)
    assert set(bob.roster.people) == {bar.user(ann), bar.user(bob)}
    me = bob.roster.me
    assert me
    assert bob.move(me.x + 100, 0, me.z, yaw=64, vx=10, moving=True)
    await until(lambda: ann.roster.people[bar.user(bob)].yaw == 64)
    seen = ann.roster.people[bar.user(bob)]
    assert (seen.x, seen.y, seen.z) == (me.x, 0, me.z)

    ack = await bob.chat("hello, Ann")
    (said,) = await until(lambda: bar.events(ann, Said))
    assert (said.text, said.user, said.offset) == ("hello, Ann", bar.user(bob), ack.offset)
    assert [event.text for event in bar.events(bob, Said)] == ["hello, Ann"]

    await bob.leave()
    (left,) = await until(lambda: bar.events(ann, Left))
    assert (left.user, left.reason) == (bar.user(bob), "left")
    assert await bar.house.story(bar.user(bob)) == [("seat_hold", None), ("room_join", None), ("room_leave", "left")]
