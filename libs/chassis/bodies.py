"""What request bodies have in common: nothing unknown, nothing guessed, nothing a table cannot hold."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Strict, model_validator

T = TypeVar("T")
Lax = Annotated[T, Strict(False)]  # for types that JSON writes as strings
Id = Annotated[UUID, Strict(False)]
Instant = Annotated[AwareDatetime, Strict(False)]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)
"""For integer members: `Annotated[Capacity, Whole]`. To JSON Schema 5.0 is an integer."""


class Body(BaseModel):
    """Base of request bodies. Strict: "5" is no number. Use `Id` and `Instant` for UUID and datetime members."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, str_max_length=65_536)

    @model_validator(mode="before")
    @classmethod
    def _no_nul(cls, data: Any) -> Any:
        if _holds_nul(data):
            raise ValueError("text may not hold NUL characters")
        return data


def _holds_nul(data: Any) -> bool:
    left = [data]  # no recursion: a body may nest deeper than the stack goes
    while left:
        match left.pop():
            case str() as text if "\0" in text:
                return True
            case dict() as members:
                left += [*members.keys(), *members.values()]
            case list() as items:
                left += items
    return False
