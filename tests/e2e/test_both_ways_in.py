"""A room is reached at its node's own address, which is what clients are told, and through the gateway: one room."""

from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from clients.python import Client, Visit
from clients.python.client import Seat
from tests.e2e.conftest import Night
from tests.waiting import until


async def walk_in(guest: Client, room: str, origin: str | None = None) -> Visit:
    """At the address that was told, or by the same path at another origin."""
    assert guest.account.user_id
    seat = await guest.account.ask(
        Seat, "POST", f"/v1/rooms/{room}/join", key=uuid4(), json={"device_type": guest.account.device_type}
    )
    told = urlsplit(seat.ws_url)
    assert told.path.startswith("/v1/rt/")
    assert told.path.endswith(room)
    assert origin is None or told.netloc != urlsplit(origin).netloc
    url = seat.ws_url if origin is None else urlunsplit(told._replace(netloc=urlsplit(origin).netloc))
    visit = Visit(guest.account, seat.room_id)
    await visit.open(url, seat.ticket)
    return visit


async def test_two_people_meet_who_took_different_ways(night: Night) -> None:
    tag = uuid4().hex
    async with night.guest(f"direct-{tag}@example.com") as one, night.guest(f"gateway-{tag}@example.com") as other:
        room = str((await one.rooms())[0].id)
        direct, through = await walk_in(one, room), await walk_in(other, room, night.gateway)
        assert direct.welcome
        assert through.welcome
        assert direct.welcome.epoch == through.welcome.epoch
        await until(lambda: other.account.user_id in direct.roster.people)
        assert (await through.chat("I came by the front door")).offset
        assert (await direct.chat("I did not")).offset
        await through.leave()
        await until(lambda: other.account.user_id not in direct.roster.people)
        await direct.leave()
