"""Waiting for a condition instead of sleeping until it is probably true."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def until(
    condition: Callable[[], Awaitable[T]], within: float = 30, *, every: float = 0.05, what: str = ""
) -> T: ...


@overload
async def until(condition: Callable[[], T], within: float = 30, *, every: float = 0.05, what: str = "") -> T: ...


async def until(condition: Callable[[], Any], within: float = 30, *, every: float = 0.05, what: str = "") -> Any:
    """The first true answer of `condition`, plain or async, asked every `every` seconds.

    Raises AssertionError with the last answer when there was none `within` seconds. An AssertionError from the
    condition counts as "not yet", so that it may hold the assertions themselves.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while True:
        last: object
        try:
            answer = condition()
            value = await answer if inspect.isawaitable(answer) else answer
            if value:
                return value
            last = value
        except AssertionError as failed:
            last = failed
        if loop.time() > deadline:
            name = what or getattr(condition, "__name__", "the condition")
            raise AssertionError(f"{name} did not hold within {within:g} s; last answer: {last!r}")
        await asyncio.sleep(every)
