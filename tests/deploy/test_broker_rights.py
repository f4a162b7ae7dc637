"""Who may do what at the brokers: everybody their own, and no more."""

import asyncio
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
    for_code,
)
from confluent_kafka import Consumer

from deploy.kafka.bootstrap import bootstrap
from deploy.kafka.grants import Grant, grants
from libs.chassis.kafka import MECHANISM, Kafka, stopped
from libs.contracts.access import ANALYST, ENDS_SESSIONS, LISTENS, reads, writes
from libs.contracts.catalogue import EVENTS, dlq_of, topics
from libs.contracts.vocabulary import SERVICES
from tests.stack import KafkaServer

QUICKLY = {"request_timeout_ms": 10_000}


@pytest.fixture
async def furnished(kafka: KafkaServer) -> KafkaServer:
    await kafka.furnish()
    return kafka


async def write(url: str, topic: str) -> None:
    producer = Kafka.parse(url).producer(**QUICKLY)
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"{}", b"key")
    finally:
        await stopped(producer)


async def read(url: str, topic: str) -> None:
    """Anything that is in the topic. aiokafka waits for ever where it may not read; librdkafka says so."""
    await asyncio.to_thread(_read, Kafka.parse(url), topic)


def _read(kafka: Kafka, topic: str) -> None:
    consumer = Consumer({**_login(kafka), "group.id": f"{kafka.user}-{uuid4()}", "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        message = consumer.poll(60)
        assert message is not None, "neither a record nor a refusal"
        if error := message.error():
            raise for_code(error.code())
    finally:
        consumer.close()


async def join(url: str, group: str) -> None:
    """Ask for what a member of the group may know."""
    async with Kafka.parse(url).reading(**QUICKLY, group_id=group) as consumer:
        await consumer.committed(TopicPartition("erasure_done", 0))


def _login(kafka: Kafka) -> dict[str, str | None]:
    return {
        "bootstrap.servers": kafka.bootstrap,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": MECHANISM,
        "sasl.username": kafka.user,
        "sasl.password": kafka.password,
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_writes_its_own_topics_and_no_others(service: str, furnished: KafkaServer) -> None:
    url = furnished.url_of(service)
    await write(url, "erasure_done")
    await write(url, dlq_of(service))
    foreign = next(name for name in topics() if name not in writes(service))
    others = next(other for other in SERVICES if other != service)
    for topic in (foreign, dlq_of(others)):
        with pytest.raises(TopicAuthorizationFailedError):
            await write(url, topic)


async def test_an_analyst_reads_public_topics_and_no_restricted_one(furnished: KafkaServer) -> None:
    url = furnished.url_of(ANALYST)
    await write(furnished.url, "profile_create")
    await read(url, "profile_create")
    await write(furnished.url, "block_user")
    await read(furnished.url, "block_user")  # it is there to be read
    with pytest.raises(TopicAuthorizationFailedError):
        await read(url, "block_user")
    with pytest.raises(ClusterAuthorizationFailedError):  # who may write nothing may not even begin
        await write(url, "profile_create")


async def test_a_service_reads_what_it_listens_to_and_the_sink_reads_everything(furnished: KafkaServer) -> None:
    for topic in ("report_user", "sanction_user"):
        await write(furnished.url, topic)
        await read(furnished.url_of("analytics"), topic)
    await read(furnished.url_of("identity"), "sanction_user")
    with pytest.raises(TopicAuthorizationFailedError):
        await read(furnished.url_of("identity"), "report_user")


async def test_nobody_takes_part_in_the_group_of_another(furnished: KafkaServer) -> None:
    await join(furnished.url_of("social"), "social")
    with pytest.raises(GroupAuthorizationFailedError):
        await join(furnished.url_of("social"), "identity")


async def test_topics_are_made_by_their_own_service(furnished: KafkaServer) -> None:
    admin = Kafka.parse(furnished.url_of("social")).admin()
    await admin.start()
    answer = await admin.create_topics([NewTopic("social_extra", 1, 1)])
    assert [code for _, code, *_ in answer.topic_errors] == [TopicAuthorizationFailedError.errno]
    answer = await admin.delete_topics(["profile_create"])
    assert [code for _, code, *_ in answer.topic_error_codes] == [TopicAuthorizationFailedError.errno]
    await admin.close()


async def test_without_a_login_or_with_a_wrong_one_there_is_no_way_in(furnished: KafkaServer) -> None:
    where = furnished.part.bootstrap
    for url in (f"kafka://{where}", f"kafka://social:wrong@{where}", f"kafka://nobody:known@{where}"):
        with pytest.raises((KafkaConnectionError, KafkaError)):
            await write(url, "profile_create")


async def test_rights_that_are_no_longer_meant_are_taken_away(furnished: KafkaServer) -> None:
    admin, url = Kafka.parse(furnished.url), furnished.url_of(ANALYST)
    words = {ANALYST: furnished.part.word(ANALYST)}
    await write(furnished.url, "block_user")
    bootstrap(admin, words, grants() | {Grant(ANALYST, "TOPIC", "block_user", "READ")})
    await read(url, "block_user")
    bootstrap(admin, words, grants())
    with pytest.raises(TopicAuthorizationFailedError):
        await read(url, "block_user")


def test_what_is_listened_to_exists_and_is_told_by_somebody_else() -> None:
    for service, names in {**LISTENS, "all": ENDS_SESSIONS}.items():
        for name in names:
            topic = EVENTS[name].TOPIC
            assert topic is not None, name
            assert topic.producer != service
    assert not {name for name in reads(ANALYST) if topics()[name].audience == "restricted"}
