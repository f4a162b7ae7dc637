"""Trying again what may be repeated: where nobody answered, or the bar said to come back soon."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, TypeVar

from clients.python.problems import Refused, Unreachable

T = TypeVar("T")

SOON: Final = frozenset({429, 502, 503, 504})
PASSING: Final = ("idempotency_in_flight", "unavailable")  # the first try is still at it; a node is out of breath
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds


async def until_answered(ask: Callable[[], Awaitable[T]], patience: float) -> T:
    """Ask, and ask again for `patience` seconds. Raises what the last try raised, and what is final at once."""
    deadline, pause = monotonic() + patience, FIRST_PAUSE
    while True:
        try:
            return await ask()
        except (Refused, Unreachable) as error:
            wait = max(pause, getattr(error, "retry_after", None) or 0.0)
            if not _passing(error) or monotonic() + wait > deadline:
                raise
        await asyncio.sleep(wait * random.uniform(0.7, 1.3))  # not all at once
        pause = min(LONGEST_PAUSE, pause * 2)


def _passing(error: Refused | Unreachable) -> bool:
    return isinstance(error, Unreachable) or error.status in SOON or error.slug in PASSING
