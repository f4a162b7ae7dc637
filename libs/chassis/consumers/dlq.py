"""`<service>.dlq`: a copy of every record that was given up, with why and where from, for whoever watches."""

from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from libs.chassis.consumers.letter import Letter
from libs.chassis.kafka import Kafka, stopped
from libs.contracts.catalogue import dlq_of


class DeadLetters:
    """Sends to the DLQ. The producer is made when first needed and thrown away after any failure."""

    def __init__(self, kafka: Kafka, service: str, timeout: float) -> None:
        self._kafka, self._service, self._timeout = kafka, service, timeout
        self._topic = dlq_of(service)
        self._producer: AIOKafkaProducer | None = None

    async def send(self, letter: Letter, *, kind: str, reason: str, tries: int) -> None:
        """Returns when the brokers have it. Raises KafkaError or OSError: then it has not been given up."""
        told = {
            "dlq_service": self._service,
            "dlq_kind": kind,
            "dlq_reason": reason,
            "dlq_topic": letter.topic,
            "dlq_partition": str(letter.partition),
            "dlq_offset": str(letter.offset),
            "dlq_tries": str(tries),
            "dlq_first_seen": letter.first_seen.isoformat(),
        }
        headers: list[tuple[str, Any]] = [(name, text.encode()) for name, text in told.items()]
        try:
            producer = await self._connected()
            value = b"" if letter.value is None and letter.key is None else letter.value  # aiokafka insists on one
            try:
                await producer.send_and_wait(self._topic, value, letter.key, headers=[*letter.headers, *headers])
            except MessageSizeTooLargeError:  # with our headers it is; the table of what is parked has it whole
                await producer.send_and_wait(self._topic, b"", None, headers=[*headers, ("dlq_omitted", b"too large")])
        except (KafkaError, OSError):
            await self.close()
            raise

    async def close(self) -> None:
        if self._producer:
            producer, self._producer = self._producer, None
            await stopped(producer)

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = self._kafka.producer(linger_ms=0, request_timeout_ms=int(self._timeout * 1000))
            try:
                await producer.start()
            except BaseException:
                await stopped(producer)
                raise
            self._producer = producer
        return self._producer
