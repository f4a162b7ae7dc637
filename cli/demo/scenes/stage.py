"""What every scene is given."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from cli.demo.evening import Evening
from cli.demo.facts import Facts
from cli.demo.regular import Regular
from clients.python import Refused


@dataclass
class Stage:
    """`party` tells this evening from others; `lounge` is a room of the house."""

    evening: Evening
    facts: Facts
    cast: dict[str, Regular]
    party: str
    lounge: UUID
    begun: float  # of the monotonic clock
    length: float  # seconds

    def tell(self, words: str) -> None:
        self.evening.tell(words, story=True)

    async def at(self, part: float) -> None:
        """Wait until that part of the evening is over."""
        await asyncio.sleep(max(0.0, self.begun + part * self.length - monotonic()))


async def refused(step: Callable[[], Awaitable[object]], *slugs: str) -> bool:
    """Whether the bar says no, for one of these reasons."""
    try:
        await step()
    except Refused as no:
        return no.slug in slugs
    return False
