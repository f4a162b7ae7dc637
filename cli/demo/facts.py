"""What the story claims, and whether it was so."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from time import monotonic
from typing import NamedTuple

PATIENCE = 60.0  # seconds something may take that should take one
AT_ONCE = 0.05  # seconds
LOOK = 0.02  # seconds between two looks

Condition = Callable[[], bool | Awaitable[bool]]


class Fact(NamedTuple):
    claim: str
    holds: bool
    found: str = ""


class Facts:
    """In the order they were checked."""

    def __init__(self) -> None:
        self.checked: list[Fact] = []

    @property
    def hold(self) -> bool:
        return all(fact.holds for fact in self.checked)

    def note(self, claim: str, holds: bool, found: str = "") -> None:
        self.checked.append(Fact(claim, holds, found))

    async def comes_true(self, claim: str, condition: Condition, within: float = PATIENCE) -> float:
        """Wait for it; seconds it took. A fact that never came true is noted as such, and nobody waits longer."""
        begun = monotonic()
        holds = await comes_true(condition, within)
        took = monotonic() - begun
        self.note(claim, holds, _spoken(took) if holds else f"not within {within:.0f} s")
        return took


async def comes_true(condition: Condition, within: float = PATIENCE) -> bool:
    deadline = monotonic() + within
    while True:
        answer = condition()
        if await answer if isawaitable(answer) else answer:
            return True
        if monotonic() > deadline:
            return False
        await asyncio.sleep(LOOK)


def _spoken(seconds: float) -> str:
    if seconds < AT_ONCE:
        return "at once"
    return f"after {seconds * 1000:.0f} ms" if seconds < 1 else f"after {seconds:.1f} s"
