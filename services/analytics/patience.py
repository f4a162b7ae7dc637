"""Trying again what fails for now, for as long as it takes."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final, TypeVar

import structlog
from deltalake.exceptions import DeltaError, TableNotFoundError

from libs.chassis.transient import is_transient
from services.analytics.meters import Meters

T = TypeVar("T")
LONGEST: Final = 5.0  # seconds between two tries
log = structlog.get_logger(__name__)


async def persist(work: Callable[[], Awaitable[T]], meters: Meters, step: str) -> T:
    """The first success of `work`, which must be safe to repeat. Raises at once what time does not heal."""
    for tries in count(1):
        try:
            return await work()
        except Exception as error:
            if not _passes(error):
                raise
            meters.failures.labels(step).inc()
            log.warning("waiting", name=step, error=type(error).__name__, tries=tries)
        await asyncio.sleep(random.uniform(0, min(LONGEST, 0.05 * 2**tries)))
    raise AssertionError("unreachable")


def _passes(error: Exception) -> bool:
    if isinstance(error, TableNotFoundError):  # nobody brings a lake back; whoever starts anew makes one
        return False
    return is_transient(error) or isinstance(error, DeltaError)
