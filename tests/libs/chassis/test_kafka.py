"""Topics are made as the contracts say; addresses are read or refused."""

import asyncio

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from libs.chassis.kafka import Kafka, ensure_topics, partitions_of
from libs.contracts.catalogue import dlq_of, topics
from libs.contracts.vocabulary import SERVICES
from tests.libs.chassis.house import fresh_topics
from tests.stack import KafkaServer


async def test_topics_have_the_partitions_and_retention_of_their_contracts(kafka: KafkaServer) -> None:
    await fresh_topics(kafka, ["another"])
    await asyncio.gather(*(ensure_topics(kafka.url_of(service), service, replication=1) for service in SERVICES))
    await ensure_topics(kafka.url_of("rooms"), "rooms")  # again is the same as once
    made = Kafka.parse(kafka.url)
    dead_letters = dict.fromkeys(map(dlq_of, SERVICES), 1)
    names = [*topics(), *dead_letters]
    found: dict[str, int] = {}
    for partition in await partitions_of(made, names):
        found[partition.topic] = found.get(partition.topic, 0) + 1
    assert found == {name: topic.partitions for name, topic in topics().items()} | dead_letters

    admin = made.admin()
    await admin.start()
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    await admin.close()
    retention = {
        resource[3]: int(value)
        for answer in answers
        for resource in answer.resources
        for name, value, *_ in resource[4]
        if name == "retention.ms"
    }
    assert {name: retention[name] for name in topics()} == {
        name: int(topic.retention.total_seconds() * 1000) for name, topic in topics().items()
    }


def test_an_address_may_carry_a_login() -> None:
    plain = Kafka.parse("kafka://a:9092,b:9093")
    assert plain.options() == {"bootstrap_servers": "a:9092,b:9093"}
    secured = Kafka.parse("kafka://rooms:p%40ss@a:9092")
    assert secured.options() == {
        "bootstrap_servers": "a:9092",
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "rooms",
        "sasl_plain_password": "p@ss",
    }


@pytest.mark.parametrize("url", ["", "a:9092", "http://a:9092", "kafka://", "kafka://a", "kafka://user:secret@a"])
def test_what_is_no_address_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match=r"^not a kafka://host:port address$"):
        Kafka.parse(url)
