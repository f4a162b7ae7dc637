"""Lists in pages: `?limit=1..100&cursor=`, keyset cursors that stay right while rows come and go."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, TypeAdapter

from libs.chassis.problems import FieldError, Invalid

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

Row = TypeVar("Row")
Item = TypeVar("Item")
Key = TypeVar("Key", bound=tuple[Any, ...])


class Page(BaseModel, Generic[Item]):
    """The answer of every list. `next_cursor` is null on the last page."""

    items: Sequence[Item]
    next_cursor: str | None = None


class PageRequest:
    """What a client asked for. Ask the database for `fetch` rows after `after(...)`, then make the `page`."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
        cursor: Annotated[str | None, Query(max_length=512, description="`next_cursor` of the page before")] = None,
    ) -> None:
        self.limit = limit
        self._cursor = cursor

    @property
    def fetch(self) -> int:
        """One row more than fits: whether there is a next page costs no second query."""
        return self.limit + 1

    def after(self, key: type[Key]) -> Key | None:
        """The sort key of the last row seen, e.g. `after(tuple[datetime, UUID])`; None on the first page.

        Raises Invalid for a cursor that is not of this list.
        """
        if self._cursor is None:
            return None
        try:
            padded = self._cursor + "=" * (-len(self._cursor) % 4)
            raw = base64.b64decode(padded, altchars=b"-_", validate=True)
            found: Key = _adapter(key).validate_json(raw)
            for part in found:
                _fits(part)
            return found
        except (binascii.Error, ValueError, OverflowError):  # pydantic's ValidationError is a ValueError
            raise Invalid(errors=[FieldError(pointer="#/query/cursor", detail="not a cursor of this list")]) from None

    def page(
        self, rows: Sequence[Row], item: Callable[[Row], Item], key: Callable[[Row], tuple[Any, ...]]
    ) -> Page[Item]:
        """The page of up to `fetch` rows; `key` is the row's sort key, which must be unique (end it with an id)."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return Page(items=[item(row) for row in shown], next_cursor=cursor_of(key(shown[-1])) if more else None)


def _fits(part: Any) -> None:
    """Raises OverflowError or ValueError for what no bigint or timestamptz can hold."""
    match part:
        case int():
            part.to_bytes(8, signed=True)
        case datetime():
            part.astimezone(UTC)


@lru_cache
def _adapter(key: type[Key]) -> TypeAdapter[Key]:
    return TypeAdapter(key)


def cursor_of(key: tuple[Any, ...]) -> str:
    """Opaque to clients, so that what is inside may change."""
    said = orjson.dumps(key, default=str)  # asyncpg has a UUID class of its own, which orjson does not know
    return base64.urlsafe_b64encode(said).rstrip(b"=").decode()


Paging = Annotated[PageRequest, Depends()]
