"""Answers that were remembered for an Idempotency-Key are forgotten when nobody is likely to ask again."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from libs.chassis.transient import is_transient
from libs.eventstore.db import Pool
from libs.eventstore.idempotency import forget_old

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Forgetting:
    """For a service that has no timer of its own to do this by. Any number may run."""

    pool: Pool
    keep: timedelta
    now: Callable[[], datetime]
    every: float = 600.0  # seconds

    async def run(self, stop: asyncio.Event) -> None:
        """A role. A database that is away is no reason to die."""
        while not stop.is_set():
            try:
                async with self.pool.acquire() as db:
                    await forget_old(db, self.now() - self.keep)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("forgetting put off", error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.every)
