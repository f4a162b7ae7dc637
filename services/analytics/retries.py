"""Records that were set aside, taken again when an operator asks: `virtubar dlq retry analytics`."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from libs.chassis.consumers import Parked
from libs.chassis.consumers.parked import Asked
from libs.contracts.cloudevents import ContractError
from services.analytics.facts import fact_of
from services.analytics.lake import Lake
from services.analytics.meters import Meters
from services.analytics.patience import persist
from services.analytics.pseudonyms import Pseudonyms
from services.analytics.rows import row_of
from services.analytics.setaside import KIND

EVERY: Final = 1.0  # seconds
log = structlog.get_logger(__name__)


class Retries:
    """A role beside the sink; the lake through a handle of its own."""

    def __init__(self, parked: Parked, pseudonyms: Pseudonyms, lake: Lake, meters: Meters) -> None:
        self._parked, self._pseudonyms = parked, pseudonyms
        self._lake, self._meters = lake, meters

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            while not stop.is_set() and await persist(self.one, self._meters, "retry"):
                pass
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await stop.wait()

    async def one(self) -> bool:
        """Take one record; False when none is asked for."""
        async with self._parked.asked() as asked:
            if asked:
                await self._take(asked)
        return asked is not None

    async def _take(self, asked: Asked) -> None:
        try:
            fact = fact_of(asked.letter)
        except ContractError as misfit:
            await asked.failed(kind=KIND, reason=str(misfit), tries=1)
            log.warning("still no event", topic=asked.letter.topic, offset=asked.letter.offset, reason=str(misfit))
            return
        row = row_of(fact, await self._pseudonyms.of(fact.users))
        if await asyncio.to_thread(self._lake.add, row):
            self._meters.rows.labels(row.topic).inc()
        await asked.done()
