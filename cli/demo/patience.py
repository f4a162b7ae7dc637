"""Going on in spite of trouble."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

from clients.python import ClientError

T = TypeVar("T")


async def persist(step: Callable[[], Awaitable[T]], deadline: float, troubles: Counter[str]) -> T:
    """Try until it works, or until that time of the monotonic clock. Raises what went wrong last."""
    while True:
        try:
            return await step()
        except (ClientError, TimeoutError) as trouble:
            troubles[getattr(trouble, "slug", type(trouble).__name__)] += 1
            if monotonic() > deadline:
                raise
            await asyncio.sleep(random.uniform(0.2, 1.0))
