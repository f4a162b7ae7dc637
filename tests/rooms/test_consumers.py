"""A visit ends with the login it began by, and with the account: on real Kafka."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from libs.chassis.consumers import Consumers, Policy
from libs.chassis.kafka import Kafka, create_topics
from libs.contracts.catalogue import dlq_of, topics
from libs.contracts.cloudevents import Envelope, encode
from libs.contracts.event import Event
from libs.contracts.identity import SessionRevoke, UserDelete, UserSuspend
from services.rooms.consumers import listen
from tests.rooms.house import House
from tests.rooms.people import LOGIN, NINE, OTHER_LOGIN, after
from tests.stack import KafkaServer
from tests.waiting import until


class Identity:
    """Says what identity would."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._said = 0

    async def says(self, event: Event, at: datetime = NINE, *, times: int = 1) -> UUID:
        self._said += 1
        envelope = Envelope(
            id=uuid4(),
            name=event.NAME,
            source="/virtubar/test/identity/1",
            subject=event.subject,
            time=at,
            schema_version=event.VERSION,
            stream_id=f"user-{event.subject}",
            stream_version=self._said,
            position=self._said,
            correlation_id=None,
            causation_id=None,
            traceparent=None,
            data=event.model_dump(mode="json"),
        )
        value, headers = encode(envelope)
        for _ in range(times):
            await self._producer.send_and_wait(event.NAME, value, envelope.key, headers=headers)
        return envelope.id


@pytest.fixture
async def identity(house: House, kafka: KafkaServer) -> AsyncIterator[Identity]:
    """Topics, rooms listening to them, and somebody who speaks."""
    where, known = Kafka.parse(kafka.url), topics()
    await kafka.clear()
    consumers = Consumers("rooms", where, house.pool, store=house.store, policy=Policy(pause=0.02), patience=5)
    listen(consumers, house.keys)
    listened = consumers._handlers.topics
    await create_topics(where, {name: known[name] for name in listened} | {dlq_of("rooms"): None})
    stop, producer = asyncio.Event(), AIOKafkaProducer(**where.options())
    listening = asyncio.create_task(consumers.run(stop))
    await producer.start()
    yield Identity(producer)
    await producer.stop()
    stop.set()
    await listening


async def seated(house: House, **login: Any) -> UUID:
    user = uuid4()
    await house.seat(user, await house.room(), **login)
    return user


async def test_a_seat_ends_with_its_login_or_account_and_every_reason_is_told(house: House, identity: Identity) -> None:
    await house.node()
    signed_out, everywhere, suspended, deleted = [await seated(house, session_id=LOGIN) for _ in range(4)]
    other_device = await seated(house, session_id=OTHER_LOGIN)
    back_again, reinstated = [await seated(house, issued_at=after(10)) for _ in range(2)]
    on_the_way = uuid4()
    await house.hold(on_the_way, await house.room(), session_id=LOGIN)
    for user in (signed_out, other_device, on_the_way):
        await identity.says(SessionRevoke(user_id=user, session_id=LOGIN, reason="logout"), times=2)
    for user in (everywhere, back_again):
        await identity.says(SessionRevoke(user_id=user, session_id=None, reason="token_reused"), after(5))
    for user in (suspended, reinstated):
        await identity.says(UserSuspend(user_id=user, sanction_id=uuid4()), after(5))
    cause = await identity.says(UserDelete(user_id=deleted))
    last = uuid4()
    await identity.says(UserDelete(user_id=last))

    async def all_heard() -> bool:
        return bool(await house.pool.fetchval("select count(*) = 9 from heard"))

    await until(all_heard, within=60)
    endings = {user: (await house.story(user))[2:] for user in (signed_out, everywhere, suspended, deleted)}
    assert endings == {
        signed_out: [("room_leave", "revoked")],
        everywhere: [("room_leave", "revoked")],
        suspended: [("room_leave", "suspended")],
        deleted: [("room_leave", "deleted"), ("session_duration", None)],
    }
    assert await house.story(on_the_way) == [("seat_hold", None), ("seat_release", "revoked")]
    for user in (other_device, back_again, reinstated):
        assert (await house.story(user))[-1] == ("room_join", None)
    caused_by = "select meta->>'causation_id' from events where stream_id = $1 and name = 'room_leave'"
    assert await house.pool.fetchval(caused_by, f"visitor-{deleted}") == str(cause)
