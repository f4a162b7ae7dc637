"""Any frame is a sign of life, whatever it says; and the clocks as the specification has them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

from clients.python import frames
from clients.python.events import Away, Back
from services.rooms.realtime.settings import NodeSettings
from tests.rooms.realtime.bar import Bar, Raw, raw
from tests.waiting import until


async def _fragment(guest: Raw) -> None:
    """The first half of a command, and for now not the rest."""

    async def halves() -> AsyncIterator[str]:
        yield '{"t": "ping",'
        yield ' "n": 1}'

    await guest.socket.send(halves())


FRAMES: dict[str, Callable[[Raw], Awaitable[object]]] = {
    "a ping": lambda guest: guest.send(t="ping", n=1),
    "a transform": lambda guest: guest.socket.send(frames.up(seq=1, x=3000, y=0, z=2000)),
    "chat": lambda guest: guest.send(t="chat", cid="c", text="hello"),
    "an emote that is none": lambda guest: guest.send(t="emote", cid="e", emote="no such"),
    "a command nobody knows": lambda guest: guest.send(t="dance", cid="d"),
    "a token that is none": lambda guest: guest.send(t="auth", token="nonsense"),
    "a WebSocket ping": lambda guest: guest.socket.ping(),
    "a WebSocket pong": lambda guest: guest.socket.pong(),
    "a fragmented command": _fragment,
}


async def test_whoever_sends_anything_is_back_in_view(bar: Bar) -> None:
    room = await bar.house.room()
    witness = await bar.join(room)
    async with AsyncExitStack() as stack:
        guests: dict[UUID, tuple[str, Raw]] = {}
        for kind in FRAMES:
            user = uuid4()
            seat = await bar.ticket(room, user)
            guest = await stack.enter_async_context(raw(seat["ws_url"]))
            await guest.hello(seat["ticket"])
            guests[user] = kind, guest
        await until(lambda: {event.user for event in bar.events(witness, Away)} == guests.keys())
        assert bar.events(witness, Back) == []
        for user, (kind, guest) in guests.items():
            await FRAMES[kind](guest)
            await until(lambda: user in {event.user for event in bar.events(witness, Back)}, what=kind)  # noqa: B023


def test_the_clocks_are_those_of_the_specification() -> None:
    told = NodeSettings(database_url="postgresql://nobody@127.0.0.1/none", keys_url="postgresql://nobody@127.0.0.1/no")
    assert (told.heartbeat_seconds, told.away_seconds, told.silence_seconds) == (2, 5, 60)
    assert (told.presence_seconds, told.beat_seconds, told.hold_seconds) == (12, 15, 30)
    assert told.night_gap_seconds == 60
