"""Reading topics ends: with their end, or with the words that it cannot be reached."""

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from cli.verify.ledger import Ledger
from cli.verify.told import told
from libs.chassis.kafka import Kafka
from tests.cli.evening import fresh_topics
from tests.stack import KafkaServer


async def test_an_end_that_is_not_reached_is_waited_for_in_vain_only_so_long(kafka: KafkaServer) -> None:
    await fresh_topics(kafka)
    missing = {TopicPartition("room_join", 0): (0, 1)}  # as when the broker has lost it, or answers no more
    with pytest.raises(KafkaTimeoutError):
        await told(Kafka.parse(kafka.url), missing, Ledger(), lambda _: None, patience=1)
