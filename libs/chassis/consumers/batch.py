"""A batch of records, settled one way or another: applied, parked, or given up. Else it is put back whole."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import structlog

from libs.chassis.consumers import metrics
from libs.chassis.consumers.applying import Applying
from libs.chassis.consumers.dlq import DeadLetters
from libs.chassis.consumers.handlers import Handlers
from libs.chassis.consumers.letter import Letter, Place
from libs.chassis.consumers.parked import Parked
from libs.chassis.consumers.policy import Policy, kind_of, reason_of, worth_retrying
from libs.chassis.transient import is_transient

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Halt(Exception):
    """Too many dead letters in a row: something is wrong with us, not with them."""


class Batches:
    """Takes batches, one at a time."""

    def __init__(
        self,
        service: str,
        handlers: Handlers,
        applying: Applying,
        parked: Parked,
        dead_letters: DeadLetters,
        policy: Policy,
        clock: Callable[[], datetime],
    ) -> None:
        self._service, self._handlers, self._applying = service, handlers, applying
        self._parked, self._dead_letters = parked, dead_letters
        self._policy, self._clock = policy, clock
        self._in_a_row = 0

    async def take(self, records: Sequence[Any]) -> None:
        """Settle every record of the batch, in order.

        Raises what is transient when it outlasts the attempts, and Halt: then the batch must come again, from its
        first record. What was settled already does no harm the second time.
        """
        letters = [Letter.read(record, self._clock()) for record in records]
        places = {letter.place for letter in letters}
        occupied = await self._patiently(lambda: self._parked.occupied(places))
        neighbours: list[Letter] = []
        for letter in letters:
            if self._handlers.together(letter) and letter.place not in occupied:
                neighbours.append(letter)
                continue
            await self._together(neighbours, occupied)
            neighbours = []
            await self._alone(letter, occupied)
        await self._together(neighbours, occupied)

    async def _together(self, letters: Sequence[Letter], occupied: set[Place]) -> None:
        if not letters:
            return
        envelopes = [letter.envelope for letter in letters if letter.envelope]
        try:
            await self._patiently(lambda: self._applying.together(envelopes), is_transient)
        except Exception as error:
            if is_transient(error):
                raise
            for letter in letters:  # one of them is poison: find it
                await self._alone(letter, occupied)
        else:
            self._settled(letters)

    async def _alone(self, letter: Letter, occupied: set[Place]) -> None:
        if letter.place in occupied:
            if await self._patiently(lambda: self._parked.wait_behind(letter)):
                return
            occupied.discard(letter.place)
        try:
            if letter.error or letter.envelope is None:
                raise letter.error or AssertionError("a letter has an envelope or an error")
            envelope = letter.envelope
            await self._patiently(lambda: self._applying.alone(envelope))
        except Exception as error:
            if is_transient(error):
                raise
            await self._give_up(letter, error)
            occupied.add(letter.place)
        else:
            self._settled([letter])

    async def _give_up(self, letter: Letter, error: Exception) -> None:
        if self._in_a_row >= self._policy.in_a_row:
            raise Halt(f"{self._in_a_row} dead letters in a row")
        self._in_a_row += 1
        kind, reason = kind_of(error), reason_of(error)
        tries = self._policy.attempts if worth_retrying(error) else 1
        await self._dead_letters.send(letter, kind=kind, reason=reason, tries=tries)
        await self._patiently(lambda: self._parked.bury(letter, kind=kind, reason=reason, tries=tries))
        metrics.DEAD.labels(self._service, letter.topic, kind).inc()
        log.error("dead letter", topic=letter.topic, partition=letter.partition, offset=letter.offset, reason=reason)

    def _settled(self, letters: Sequence[Letter]) -> None:
        self._in_a_row = 0
        now = self._clock()
        for letter in letters:
            metrics.TAKEN.labels(self._service, letter.topic).inc()
            if letter.envelope:
                metrics.APPLIED.labels(self._service).observe((now - letter.envelope.time).total_seconds())

    async def _patiently(
        self, work: Callable[[], Awaitable[T]], again: Callable[[BaseException], bool] = worth_retrying
    ) -> T:
        for pause in self._policy.pauses():
            try:
                return await work()
            except Exception as error:
                if not again(error):
                    raise
            await asyncio.sleep(pause)
        return await work()
