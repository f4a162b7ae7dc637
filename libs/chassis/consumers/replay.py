"""Retries that operators ask for: the dead letter first, then what waited behind it, in order, by the same handlers."""

import asyncio
from contextlib import suppress

import structlog

from libs.chassis.consumers.applying import Applying
from libs.chassis.consumers.dlq import DeadLetters
from libs.chassis.consumers.parked import Asked, Parked
from libs.chassis.consumers.policy import Policy, kind_of, reason_of
from libs.chassis.logs import where
from libs.chassis.transient import is_transient

log = structlog.get_logger(__name__)


class Replay:
    """Looks into the table now and then; runs in the service, where the handlers are, beside the consumer."""

    def __init__(self, applying: Applying, parked: Parked, dead_letters: DeadLetters, policy: Policy) -> None:
        self._applying, self._parked, self._dead_letters, self._policy = applying, parked, dead_letters, policy

    async def run(self, stop: asyncio.Event) -> None:
        """A role."""
        while not stop.is_set():
            try:
                while not stop.is_set() and await self.one():
                    pass
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("retry put off", error=type(error).__name__, where=where(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._policy.replay_every)

    async def one(self) -> bool:
        """Take one record; False when none is asked for. Raises what is transient: it stays asked for."""
        async with self._parked.asked() as asked:
            if asked is None:
                return False
            try:
                await self._apply(asked)
            except Exception as error:
                kind, reason = kind_of(error), reason_of(error)
                if kind == "transient":
                    raise
                await self._dead_letters.send(asked.letter, kind=kind, reason=reason, tries=1)
                await asked.failed(kind=kind, reason=reason, tries=1)
                log.error("retry failed", topic=asked.letter.topic, reason=reason)
            else:
                await asked.done()
        return True

    async def _apply(self, asked: Asked) -> None:
        if asked.letter.error:
            raise asked.letter.error
        assert asked.letter.envelope is not None
        await self._applying.alone(asked.letter.envelope)
