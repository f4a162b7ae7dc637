"""Many at once by their ids: `?ids=a,b&ids=c`, at most 100, as a page of what was asked for."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from libs.chassis.problems import FieldError, Invalid

MOST = 100


def _ids(ids: Annotated[list[str], Query(description=f"up to {MOST} ids, separated by commas")]) -> Sequence[UUID]:
    said = [each for several in ids for each in several.split(",")]
    try:
        found = list(dict.fromkeys(UUID(each) for each in said))
    except ValueError:
        found = []
    if not 0 < len(found) <= MOST:
        raise Invalid(errors=[FieldError(pointer="#/query/ids", detail=f"1 to {MOST} ids, separated by commas")])
    return found


Ids = Annotated[Sequence[UUID], Depends(_ids)]
"""A parameter of a route: each id once, in the order asked for."""
