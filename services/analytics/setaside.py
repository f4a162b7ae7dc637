"""Bad records: set aside with the reason, never dropped."""

from datetime import UTC, datetime
from typing import Final

import structlog
from aiokafka import ConsumerRecord

from libs.chassis.consumers import Parked
from libs.chassis.consumers.dlq import DeadLetters
from libs.chassis.consumers.letter import Letter
from services.analytics.meters import Meters
from services.analytics.patience import persist

KIND: Final = "contract"
log = structlog.get_logger(__name__)


class SetAside:
    """In the DLQ, for whoever watches, and in the table `parked`, for `virtubar dlq`. Waits while either is away."""

    def __init__(self, dead: DeadLetters, parked: Parked, meters: Meters) -> None:
        self._dead, self._parked, self._meters = dead, parked, meters

    async def add(self, record: ConsumerRecord, reason: str) -> None:
        """Returns when both have it. Taken again after a crash, the DLQ has it twice and the table once."""
        letter = Letter.read(record, datetime.now(UTC))
        await persist(lambda: self._dead.send(letter, kind=KIND, reason=reason, tries=1), self._meters, "dlq")
        await persist(lambda: self._parked.bury(letter, kind=KIND, reason=reason, tries=1), self._meters, "parked")
        self._meters.dead.labels(record.topic).inc()
        log.warning("dead letter", topic=record.topic, partition=record.partition, offset=record.offset, reason=reason)

    async def close(self) -> None:
        await self._dead.close()
