"""Lists that come in pages."""

from collections.abc import AsyncIterator
from typing import Any, Generic, TypeVar

from msgspec import Struct

from clients.python.account import Account

T = TypeVar("T")
LARGEST = 100


class Page(Struct, Generic[T], frozen=True):
    """`next_cursor` None: the last one."""

    items: list[T]
    next_cursor: str | None = None


async def every(account: Account, page: type[Page[T]], path: str, **params: Any) -> AsyncIterator[T]:
    """Every item, page after page. Parameters that are None are left out. Raises Refused, Unreachable."""
    asked = {"limit": str(LARGEST), **{name: value for name, value in params.items() if value is not None}}
    while True:
        got = await account.ask(page, "GET", path, params=asked)
        for item in got.items:
            yield item
        if got.next_cursor is None:
            return
        asked["cursor"] = got.next_cursor
