"""What was decided elsewhere reaches the sockets concerned, and nobody else's, by way of Kafka."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID, uuid4

import httpx2
import pytest
from redis.asyncio import Redis

from clients.python import Visit
from clients.python.events import Left
from deploy.native.redis import Redis as RedisServer
from libs.chassis.kafka import Kafka
from libs.contracts.cloudevents import Envelope, encode, source_of
from libs.contracts.event import Event
from libs.contracts.identity import SessionRevoke, UserDelete, UserSuspend
from tests.rooms.api import Issuer
from tests.rooms.house import House
from tests.rooms.realtime.bar import Bar, now, opening, raw
from tests.stack import KafkaServer
from tests.waiting import until

SOON = 15  # seconds; the bound of a second is a benchmark's to measure


@pytest.fixture
async def live(
    live_house: House, issuer: Issuer, redis: "Redis", redis_server: RedisServer, kafka: KafkaServer
) -> AsyncIterator[Bar]:
    """API, relay and consumers with Kafka between them, and one node."""
    await kafka.furnish()
    slower = {"catch_up_seconds": 30.0, "away_seconds": 60.0, "silence_seconds": 120.0}
    roles, url = ("relay", "consumers"), redis_server.url("rooms")
    async with opening(live_house, issuer, redis, url, kafka.url, *roles, **slower) as made:
        await made.node()
        yield made


async def publish(bar: Bar, event: Event, at: datetime | None = None) -> None:
    """As identity's relay does."""
    envelope = Envelope(
        id=uuid4(),
        name=event.NAME,
        source=source_of("local", "identity", 1),
        subject=event.subject,
        time=at or now(),
        schema_version=event.VERSION,
        stream_id=f"user-{event.subject}",
        stream_version=1,
        position=int(now().timestamp() * 1_000_000),
        correlation_id=None,
        causation_id=None,
        traceparent=None,
        data=event.model_dump(mode="json"),
    )
    value, headers = encode(envelope)
    async with Kafka.parse(bar.settings["kafka_url"]).producer() as producer:
        await producer.send_and_wait(event.NAME, value, key=envelope.key, headers=headers)


async def over(visit: Visit) -> int:
    ended = await until(lambda: visit.over, within=SOON)
    assert ended
    return ended.code


async def test_sockets_follow_what_identity_decides(live: Bar) -> None:
    """Revoked, signed out everywhere, suspended, erased: each in the middle of a visit; the control stays."""
    room = await live.house.room()
    control, phone, everywhere, bad, gone = [await live.join(room) for _ in range(5)]
    users = {visit: live.user(visit) for visit in (phone, everywhere, bad, gone)}
    other_session = uuid4()
    await publish(live, SessionRevoke(user_id=live.user(control), session_id=other_session, reason="logout"))
    await publish(live, SessionRevoke(user_id=users[phone], session_id=users[phone], reason="logout"))
    await publish(live, SessionRevoke(user_id=users[everywhere], session_id=None, reason="signed_out"))
    await publish(live, UserSuspend(user_id=users[bad], sanction_id=uuid4()))
    await publish(live, UserDelete(user_id=users[gone]))
    codes = {visit: await over(visit) for visit in users}
    assert codes == {phone: 4002, everywhere: 4002, bad: 4011, gone: 4002}
    await until(lambda: set(control.roster.people) == {live.user(control)}, within=SOON)
    reasons = {left.user: left.reason for left in live.events(control, Left)}
    expected = {phone: "revoked", everywhere: "revoked", bad: "suspended", gone: "deleted"}
    assert set(reasons) == set(users.values())
    for visit, reason in expected.items():  # a beat that finds the visit over before the news comes knows no reason
        assert reasons[users[visit]] in (reason, "left")
    assert await live.house.occupied(room) == 1
    assert control.over is None
    assert (await control.chat("still here")).offset


async def test_a_session_revoked_before_its_hello_is_not_let_in(live: Bar) -> None:
    """The seat is held, the ticket is good; the news came first. A token from after a general sign-out may pass."""
    room = await live.house.room()
    held, again = uuid4(), uuid4()
    revoked, fresh = await live.ticket(room, held), await live.ticket(room, again)
    witness = await live.join(room)
    before_everything = live.house.now
    await publish(live, SessionRevoke(user_id=again, session_id=None, reason="signed_out"), at=before_everything)
    await publish(live, SessionRevoke(user_id=held, session_id=held, reason="logout"))
    await publish(live, UserDelete(user_id=live.user(witness)))
    assert await over(witness) == 4002  # so the news is known here
    async with raw(revoked["ws_url"]) as guest:
        await guest.send(t="hello", ticket=revoked["ticket"])
        assert await guest.code() in (4002, 4003, 4012)  # by the node, or by the consumer that gave the seat back
    async with raw(fresh["ws_url"]) as guest:
        await guest.hello(fresh["ticket"])


async def test_leaving_by_http_and_going_elsewhere_close_the_old_socket(live: Bar) -> None:
    lounge, dance = await live.house.room(), await live.house.room(theme="dance")
    witness, leaver, switcher = [await live.join(lounge) for _ in range(3)]
    await _post(live, leaver, f"/v1/rooms/{lounge}/leave")
    moved = await live.join(dance, live.user(switcher))
    assert await over(leaver) == 4012
    assert await over(switcher) == 4012
    await until(lambda: len(live.events(witness, Left)) == 2)
    reasons = {left.user: left.reason for left in live.events(witness, Left)}
    assert reasons == {live.user(leaver): "left", live.user(switcher): "switched"}
    assert moved.over is None


async def _post(bar: Bar, visit: Visit, path: str) -> httpx2.Response:
    user: UUID = bar.user(visit)
    answer = await bar.http.post(path, headers=bar.issuer.headers(user))
    answer.raise_for_status()
    return answer


async def test_a_room_closed_by_its_host_closes_every_socket_in_it(live: Bar) -> None:
    host = uuid4()
    room = await live.house.room(host=host)
    guests = [await live.join(room) for _ in range(2)]
    answer = await live.http.delete(f"/v1/rooms/{room}", headers=live.issuer.headers(host))
    assert answer.status_code == 204
    assert [await over(guest) for guest in guests] == [4004, 4004]
    assert await live.house.occupied(room) == 0
