"""Reading topics for oneself: every process that enforces something hears of it at once, without a consumer group."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Counter, Gauge

from libs.chassis.health import NotReady
from libs.chassis.kafka import Kafka, committed_by, partitions_of, stopped
from libs.chassis.logs import where
from libs.contracts.cloudevents import ContractError, Envelope, decode

Handler = Callable[[Envelope], Awaitable[None]]
"""In memory, or quick: it holds up those behind it. Sees events at least once, in order per key and topic."""


@dataclass(frozen=True, slots=True)
class Behind:
    """From where that consumer group has got to, or from the beginning where it has read nothing yet.

    For a process that is seeded from what the group's service has kept: whatever is not in there is heard here.
    """

    group: str


Since = Callable[[], datetime] | datetime | Behind | None
"""Asked when first connected, so that what is told to read does not depend on how long Kafka was away."""

POLL_MS = 500
PAUSE = 1.0  # seconds between two attempts to reach Kafka
PROBE = 5.0  # seconds between two looks whether the brokers still answer
ATTEMPTS = 3

SKIPPED = Counter("virtubar_follow_skipped", "records a follower could not use", ["topic"])
SILENCE = Gauge("virtubar_follow_silence_seconds", "since the brokers last answered a follower", ["topics"])
log = structlog.get_logger(__name__)


class Follower:
    """All partitions of `topics`, from `since` on, or from what is written from now on where there is no `since`.

    `caught_up` is set once, when everything that was written before the start has been handled. Without Kafka it waits,
    and tries again; what is heard then comes late, which the metric of silence shows. `probe` seconds without a record
    are as long as it believes in a connection.
    """

    def __init__(
        self, kafka: Kafka, topics: Sequence[str], handler: Handler, since: Since = None, *, probe: float = PROBE
    ) -> None:
        self._kafka, self._topics, self._handler, self._since = kafka, sorted(topics), handler, since
        self._probe = probe
        self._next: dict[TopicPartition, int] = {}  # where to go on after a lost connection
        self._answered = monotonic()
        self.caught_up = asyncio.Event()

    async def ready(self) -> None:
        """A ready check: raises NotReady until caught up, once per start."""
        if not self.caught_up.is_set():
            raise NotReady("reading " + ", ".join(self._topics))

    def patient(self, seconds: float) -> Callable[[], Awaitable[None]]:
        """Something to await before relying on what was followed: returns when caught up, or `seconds` from now.

        For without Kafka there is no bound, and a restart must not take down what needs none of it.
        """
        until = monotonic() + seconds

        async def caught_up() -> None:
            if not self.caught_up.is_set() and (left := until - monotonic()) > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.caught_up.wait(), left)

        return caught_up

    async def run(self, stop: asyncio.Event) -> None:
        """A role: follow until told to stop. Raises nothing for want of Kafka."""
        SILENCE.labels(",".join(self._topics)).set_function(lambda: monotonic() - self._answered)
        while not stop.is_set():
            consumer = self._kafka.reader(fetch_max_wait_ms=POLL_MS)  # an answer comes at once where there is news
            try:
                await consumer.start()
                await self._follow(consumer, stop)
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("not following", error=type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), PAUSE)
            finally:
                await stopped(consumer)

    async def _follow(self, consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        partitions = await partitions_of(self._kafka, self._topics)
        consumer.assign(partitions)
        await self._go_to_start(consumer, partitions)
        ends = await consumer.end_offsets(partitions)
        probed = self._answered = monotonic()
        while not stop.is_set():
            for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                for record in records:
                    await self._hear(record.topic, record.value, record.headers)
                    self._next[TopicPartition(record.topic, record.partition)] = record.offset + 1
            if not self.caught_up.is_set() and all(self._next[each] >= ends[each] for each in partitions):
                self.caught_up.set()
            if monotonic() - probed > self._probe:
                await asyncio.wait_for(consumer.end_offsets(partitions[:1]), self._probe)
                probed = self._answered = monotonic()

    async def _go_to_start(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        unknown = [each for each in partitions if each not in self._next]
        if unknown:
            self._next |= await self._start(consumer, unknown)
        for each in partitions:
            consumer.seek(each, self._next[each])

    async def _start(
        self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        since = self._since() if callable(self._since) else self._since
        if isinstance(since, Behind):
            begin: dict[TopicPartition, int] = await consumer.beginning_offsets(partitions)
            return begin | await committed_by(self._kafka, since.group, partitions)
        ends = await consumer.end_offsets(partitions)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, _millis(since))) if since else {}
        return {each: found[each].offset if found.get(each) else ends[each] for each in partitions}

    async def _hear(self, topic: str, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]) -> None:
        """One record nobody can use must not keep the next ban from being heard: it is counted and left behind."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._handler(decode(value, headers))
                return
            except ContractError as misfit:
                log.error("record skipped", topic=topic, reason=str(misfit))
                break
            except Exception as error:
                log.error("handler failed", topic=topic, error=type(error).__name__, where=where(error), tries=attempt)
                await asyncio.sleep(0.05 * attempt)
        SKIPPED.labels(topic).inc()


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
