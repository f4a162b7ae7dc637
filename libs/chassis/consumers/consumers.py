"""What a service listens to, and the role that listens."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from libs.chassis.consumers import metrics
from libs.chassis.consumers.applying import Applying
from libs.chassis.consumers.batch import Batches, Halt
from libs.chassis.consumers.dlq import DeadLetters
from libs.chassis.consumers.handlers import Command, Handlers, Replica
from libs.chassis.consumers.parked import Parked
from libs.chassis.consumers.policy import Policy
from libs.chassis.consumers.replay import Replay
from libs.chassis.consumers.subscription import subscribed
from libs.chassis.health import NotReady
from libs.chassis.kafka import Kafka, stopped
from libs.chassis.logs import where
from libs.contracts.event import Event
from libs.eventstore.db import Pool
from libs.eventstore.store import Store

log = structlog.get_logger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class PutBack(Exception):
    """This batch comes again."""


class Consumers:
    """One consumer group, named after the service, over exactly the topics that have a handler.

    consumers = Consumers("rooms", Kafka.parse(url), pool, store=store, instance=settings.instance)
    consumers.replica(BlockUser, blocks.apply)
    consumers.command(UserDelete, on_user_delete)
    Parts(roles={"consumers": consumers.run}, ready={"consumers": consumers.ready})
    """

    def __init__(
        self,
        service: str,
        kafka: Kafka,
        pool: Pool,
        *,
        store: Store | None = None,
        instance: str = "0",
        policy: Policy | None = None,
        patience: float = 8.0,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._service, self._kafka, self._instance = service, kafka, instance
        self._policy, self._patience = policy or Policy(), patience
        self._handlers = Handlers()
        self._dead_letters = DeadLetters(kafka, service, self._policy.dlq_timeout)
        parked, applying = Parked(pool), Applying(service, self._handlers, pool, store, clock)
        self._batches = Batches(service, self._handlers, applying, parked, self._dead_letters, self._policy, clock)
        self._replay = Replay(applying, parked, self._dead_letters, self._policy)
        self._stop, self._halted = asyncio.Event(), asyncio.Event()
        self._broker: KafkaBroker | None = None

    def replica(self, event: type[Event], handler: Replica) -> None:
        """Keep tables from this event: batched, one transaction for many."""
        self._handlers.add_replica(event, handler)

    def command(self, event: type[Event], handler: Command) -> None:
        """Act on this event: each in a transaction of the store, guards before appends."""
        self._handlers.add_command(event, handler)

    async def ready(self) -> None:
        """A ready check: raises NotReady after too many dead letters in a row. Kafka's absence is no reason."""
        if self._halted.is_set():
            raise NotReady("too many dead letters in a row: see `virtubar dlq list`, repair, restart")

    async def run(self, stop: asyncio.Event) -> None:
        """A role: consume until told to stop, then finish the batch in hand and commit it."""
        self._stop = stop
        metrics.HALTED.labels(self._service).set(0)
        replay = asyncio.create_task(self._replay.run(stop))
        try:
            if broker := await self._connected(stop):
                await self._until(stop, self._halted, replay)
                await stopped(broker, within=self._patience + 2)
                await self._until(stop, replay)
            await replay
        finally:
            replay.cancel()
            await self._dead_letters.close()

    async def take(self, records: Sequence[Any]) -> None:
        """Settle one batch; returns when its offsets may be committed, raises when it must come again."""
        if self._halted.is_set():
            await self._pause(0.2)  # the subscriber is being stopped
            raise Halt
        try:
            await self._batches.take(records)
        except Halt:
            self._halted.set()
            metrics.HALTED.labels(self._service).set(1)
            log.error("consumer halted", service=self._service, count=self._policy.in_a_row)
            raise Halt from None
        except Exception as error:
            metrics.PUT_BACK.labels(self._service).inc()
            log.warning("batch put back", error=type(error).__name__, where=where(error), count=len(records))
            await self._pause(self._policy.outage_pause)
            raise PutBack from None  # FastStream logs what it gets, and messages may quote people's data
        if consumer := self._consumer():
            metrics.measure_lag(self._service, consumer, records)

    async def _connected(self, stop: asyncio.Event) -> KafkaBroker | None:
        """Wait for Kafka as long as it takes: a service lives without it. None when told to stop meanwhile."""
        while not stop.is_set():
            broker = subscribed(
                self._kafka,
                self._service,
                self._handlers.topics,
                self.take,
                instance=self._instance,
                policy=self._policy,
                patience=self._patience,
            )
            try:
                await broker.start()
                self._broker = broker
                return broker
            except (KafkaError, OSError) as error:
                log.warning("no kafka yet", error=type(error).__name__)
                await stopped(broker)
                await self._pause(self._policy.outage_pause)
        return None

    def _consumer(self) -> Any:
        return self._broker.subscribers[0].consumer if self._broker else None  # type: ignore[attr-defined]

    async def _until(self, *events: "asyncio.Event | asyncio.Task[None]") -> None:
        waits = [asyncio.create_task(each.wait()) if isinstance(each, asyncio.Event) else each for each in events]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait, each in zip(waits, events, strict=True):
            if wait is not each:
                wait.cancel()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
