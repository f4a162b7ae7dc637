"""What every event is: a frozen, versioned fact with one name, a subject, and personal data that stays at home."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from libs.contracts.marks import Mark, PersonalMark, UserMark
from libs.contracts.topic import Topic

__all__ = ["Event", "Personal", "PersonalMark", "Upcaster"]

T = TypeVar("T")
Personal = Annotated[T | None, PersonalMark()]
"""`email: Personal[str] = None`. Reads as None where it was not published or where its key has been destroyed."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class Event(BaseModel):
    """A fact. The class `RoomJoin` is the event, and the topic, `room_join`.

    Producers may not add fields (extra="forbid"); `read` is for consumers, who ignore what they do not know.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
    )

    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1
    TOPIC: ClassVar[Topic | None] = None  # None: stored only, never published
    UPCASTERS: ClassVar[Mapping[int, Upcaster]] = {}  # from version n to n + 1
    SUBJECT: ClassVar[tuple[str, ...]] = ("user_id",)  # the first of these fields that is not null
    PERSONAL: ClassVar[frozenset[str]] = frozenset()  # fields sealed at rest and never published
    USERS: ClassVar[frozenset[str]] = frozenset()  # fields that hold a person's id

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.NAME = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.PERSONAL = cls._marked(PersonalMark)
        cls.USERS = cls._marked(UserMark)

    @classmethod
    def _marked(cls, mark: type[Mark]) -> frozenset[str]:
        """The fields that carry the mark, under the names they have in the data."""
        return frozenset(
            field.alias or name for name, field in cls.model_fields.items() if _carries(field.annotation, field, mark)
        )

    @property
    def subject(self) -> UUID:
        """Whom it is about: the user, or the room, item or report where there is no user. Also the Kafka key."""
        subject: UUID = getattr(self, self.subject_field)
        return subject

    @property
    def subject_field(self) -> str:
        """The field `subject` comes from; a person's id where it is in `USERS`."""
        return next(name for name in self.SUBJECT if getattr(self, name) is not None)

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


def _carries(annotation: Any, annotated: Any, mark: type[Mark]) -> bool:
    """`UserId | None` and tuples hide a mark further down."""
    marks = [
        *getattr(annotated, "metadata", ()),
        *getattr(annotated, "__metadata__", ()),
    ]
    return any(isinstance(item, mark) for item in marks) or any(
        _carries(part, part, mark) for part in getattr(annotation, "__args__", ())
    )
