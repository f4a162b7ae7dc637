"""An event into tables and commands, exactly once: the `heard` row and what it leads to are one transaction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from opentelemetry import trace

from libs.chassis.consumers.handlers import Handlers
from libs.chassis.telemetry import consuming
from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import UserDelete
from libs.eventstore import gone
from libs.eventstore.db import Pool
from libs.eventstore.heard import receive, receive_all
from libs.eventstore.store import Store
from libs.eventstore.unit import Unit


class Applying:
    """Runs handlers. Whatever they raise comes out, and then nothing of it has happened."""

    def __init__(
        self, service: str, handlers: Handlers, pool: Pool, store: Store | None, clock: Callable[[], datetime]
    ) -> None:
        self._service, self._handlers = service, handlers
        self._pool, self._store, self._clock = pool, store, clock
        self._tracer = trace.get_tracer(__name__)

    async def together(self, envelopes: Sequence[Envelope]) -> None:
        """Replicas of a whole batch in one transaction."""
        async with self._pool.acquire() as db, db.transaction():
            fresh = await receive_all(db, envelopes)
            leaving = {each.subject for each in fresh if each.name == UserDelete.NAME}
            await gone.hold(db, leaving, {person for each in fresh for person in _people(each)})
            for envelope in fresh:
                with consuming(self._tracer, self._service, envelope):
                    await self._handlers.replicas[envelope.name](db, envelope)

    async def alone(self, envelope: Envelope) -> None:
        """One event: its replica, or its command in a transaction of the store."""
        if envelope.name not in self._handlers.commands:
            await self.together([envelope])
            return
        if self._store is None:
            raise TypeError(f"{envelope.name} has a command, but there is no store to run it")
        with consuming(self._tracer, self._service, envelope):
            await self._store.run(lambda unit: self._work(unit, envelope), at=self._clock())

    async def _work(self, unit: Unit, envelope: Envelope) -> None:
        if not await receive(unit.db, envelope):
            return
        if replica := self._handlers.replicas.get(envelope.name):
            await replica(unit.db, envelope)
        await self._handlers.commands[envelope.name](unit, envelope)


def _people(envelope: Envelope) -> Iterator[UUID]:
    """Whom the event names, as far as they are ids: whoever reads it properly complains of the rest."""
    kind = EVENTS.get(envelope.name)
    for name in kind.USERS if kind else ():
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            yield UUID(envelope.data[name])
