"""What every event is: a frozen, versioned fact with one name, a subject, and personal data that stays at home."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from libs.contracts.topic import Topic


class PersonalMark:
    """Marks a field that tells who somebody is: sealed under the subject's key in the store, never published."""


T = TypeVar("T")
Personal = Annotated[T | None, PersonalMark()]
"""`email: Personal[str] = None`. Reads as None where it was not published or where its key has been destroyed."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class Event(BaseModel):
    """A fact. The class `RoomJoin` is the event, and the topic, `room_join`.

    Producers may not add fields (extra="forbid"); `read` is for consumers, who ignore what they do not know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1
    TOPIC: ClassVar[Topic | None] = None  # None: stored only, never published
    UPCASTERS: ClassVar[Mapping[int, Upcaster]] = {}  # from version n to n + 1
    PERSONAL: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.NAME = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.PERSONAL = frozenset(
            name
            for name, field in cls.model_fields.items()
            if any(isinstance(mark, PersonalMark) for mark in field.metadata)
        )

    @property
    def subject(self) -> UUID:
        """Whom it is about: the user, or the room or item where there is no user. Also the Kafka key."""
        raise NotImplementedError

    @classmethod
    def read(cls, data: Mapping[str, Any], version: int) -> Self:
        """The event from the data of any version up to this one; unknown fields are ignored.

        Raises pydantic.ValidationError where data does not fit, LookupError for a version from the future.
        """
        if version > cls.VERSION:
            raise LookupError(f"{cls.NAME} v{version} is newer than the v{cls.VERSION} known here")
        current = dict(data)
        for step in range(version, cls.VERSION):
            current = cls.UPCASTERS[step](current)
        return cls.model_validate(current, extra="ignore")
