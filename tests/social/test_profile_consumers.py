"""What social does about what identity says: on real Kafka."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from libs.chassis.consumers import Consumers, Policy
from libs.chassis.kafka import Kafka, create_topics
from libs.contracts.catalogue import dlq_of, topics
from libs.contracts.cloudevents import encode
from libs.contracts.event import Event
from libs.contracts.identity import UserDelete, UserRegister, UserReinstate, UserSuspend
from services.social.consumers import listen
from services.social.deciders.refusals import NotFound
from services.social.queries import profiles as queries
from tests.social.house import NINE, House, after, heard
from tests.stack import KafkaServer
from tests.waiting import until

HEARD = (UserRegister, UserSuspend, UserReinstate, UserDelete)


class Identity:
    """Says what identity would."""

    def __init__(self, producer: AIOKafkaProducer, house: House) -> None:
        self._producer, self._house = producer, house
        self._said = 0

    async def says(self, event: Event, *, times: int = 1) -> UUID:
        self._said += 1
        envelope = heard(event, self._said)
        value, headers = encode(envelope)
        for _ in range(times):
            await self._producer.send_and_wait(event.NAME, value, envelope.key, headers=headers)
        return envelope.id

    async def is_heard(self) -> None:
        """All that was said so far."""

        async def all_of_it() -> bool:
            return bool(await self._house.pool.fetchval("select count(*) = $1 from heard", self._said))

        await until(all_of_it, within=60)


@pytest.fixture
async def identity(house: House, kafka: KafkaServer) -> AsyncIterator[Identity]:
    where, known = Kafka.parse(kafka.url), topics()
    await kafka.clear()
    await create_topics(where, {event.NAME: known[event.NAME] for event in HEARD} | {dlq_of("social"): None})
    consumers = Consumers("social", where, house.pool, store=house.store, policy=Policy(pause=0.02), patience=5)
    listen(consumers, house.social, house.keys)
    stop, producer = asyncio.Event(), AIOKafkaProducer(**where.options())
    listening = asyncio.create_task(consumers.run(stop))
    await producer.start()
    yield Identity(producer, house)
    await producer.stop()
    stop.set()
    await listening


def registered(user: UUID) -> UserRegister:
    return UserRegister(user_id=user, auth_provider="email")


async def test_whoever_registers_has_one_face_whoever_asks_first(house: House, identity: Identity) -> None:
    heard_only, asked_first, both = uuid4(), uuid4(), [uuid4() for _ in range(8)]
    cause = await identity.says(registered(heard_only), times=2)
    await house.social.profiles.create(asked_first, NINE)
    await identity.says(registered(asked_first))
    await asyncio.gather(
        *(identity.says(registered(user)) for user in both),
        *(house.social.profiles.create(user, NINE) for user in both),
    )
    await identity.is_heard()
    for user in (heard_only, asked_first, *both):
        assert await house.story(f"profile-{user}") == ["profile_create"]
        assert len((await house.name(user)).split()) == 2
    caused_by = "select meta->>'causation_id' from events where stream_id = $1"
    assert await house.pool.fetchval(caused_by, f"profile-{heard_only}") == str(cause)


async def test_a_suspended_person_is_not_there_for_others_until_reinstated(house: House, identity: Identity) -> None:
    viewer, user = await house.person(), await house.person()
    await identity.says(UserSuspend(user_id=user, sanction_id=uuid4()))
    await identity.is_heard()
    assert await queries.cards(house.pool, viewer, [user]) == {}
    await identity.says(UserReinstate(user_id=user))
    await identity.is_heard()
    assert list(await queries.cards(house.pool, viewer, [user])) == [str(user)]


async def test_a_deleted_person_is_forgotten_once_and_not_made_anew(house: House, identity: Identity) -> None:
    viewer, user, early = await house.person(), await house.person("Canary"), uuid4()
    await house.befriended(viewer, user)
    await house.social.profiles.open(viewer, user, NINE)
    for gone in (user, early):
        await identity.says(UserDelete(user_id=gone), times=2)
        await identity.is_heard()  # so that what comes by another topic is late for certain
        await identity.says(registered(gone))
    await identity.is_heard()
    for gone in (user, early):
        assert await queries.cards(house.pool, viewer, [gone]) == {}
        assert await house.story(f"user-{gone}") == ["erasure_done"]
        assert await house.keys.find(gone) is None
    assert await house.story(f"profile-{early}") == []
    with pytest.raises(NotFound):
        await house.social.profiles.open(viewer, user, after(3600))
    assert await house.pool.fetchval("select count(*) from friendships") == 0
