"""The other services, as their relays speak."""

from typing import Any

from libs.chassis.kafka import Kafka
from libs.contracts.cloudevents import encode
from libs.contracts.event import Event
from libs.safety.pairs import pair_stream
from tests.rooms.realtime.bar import now
from tests.rooms.safety import told
from tests.stack import KafkaServer


class Others:
    """Social, moderation and inventory. Each stream's events are numbered as they are said."""

    def __init__(self, kafka: KafkaServer) -> None:
        self._kafka = Kafka.parse(kafka.url)
        self._versions: dict[str, int] = {}

    async def say(self, *events: Event, at: Any = None) -> None:
        async with self._kafka.producer() as producer:
            for event in events:
                users = [getattr(event, name) for name in sorted(type(event).USERS)]
                stream = pair_stream(*users) if "block" in event.NAME or "mute_" in event.NAME else ""
                version = self._versions[stream] = self._versions.get(stream, 0) + 1
                envelope = told(event, version, at or now(), stream=stream)
                value, headers = encode(envelope)
                await producer.send_and_wait(event.NAME, value, key=envelope.key, headers=headers)
