"""What has to happen now and then: the next signing key, an end to what has run out, a look at what takes long."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from libs.chassis.transient import is_transient
from libs.eventstore.db import Pool
from services.identity import banlist, codes, families, throttles
from services.identity.erasures import Erasures
from services.identity.keys import SigningKeys

log = structlog.get_logger(__name__)
SWEEPS = (codes.SWEEP, families.SWEEP, throttles.SWEEP, banlist.SWEEP)


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """Beside every API: each must know the keys, and who sweeps does not matter."""

    pool: Pool
    keys: SigningKeys
    erasures: Erasures
    every: float  # seconds
    now: Callable[[], datetime]

    async def once(self) -> None:
        await self.keys.refresh()
        for sweep in SWEEPS:
            await self.pool.execute(sweep, self.now())
        await self.erasures.watch()

    async def run(self, stop: asyncio.Event) -> None:
        """A role. A database that is away is no reason to die: the keys we have go on being good."""
        while not stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self.every):
                    await stop.wait()
                return
            try:
                await self.once()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("housekeeping put off", error=type(error).__name__)
