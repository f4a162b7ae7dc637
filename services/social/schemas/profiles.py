"""Bodies in and out. Cards go out by the hundred: they are written as they are, and `Card` says what they hold."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Self, get_args
from uuid import UUID

import orjson
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from libs.chassis.bodies import Body
from libs.chassis.text import Unfit
from libs.contracts.vocabulary import AvatarConfig, AvatarId, Interest, Locale, PrivacyLevel
from libs.eventstore.db import Record
from services.social.profiles import Change
from services.social.queries.profiles import Seen
from services.social.texts import BIO_LENGTH, NAME_LENGTH, tidy_bio, tidy_name

SUFFIX_LENGTH: Final = len("#123456")


def _tidied(by: Callable[[str], str]) -> AfterValidator:
    def tidy(text: str) -> str:
        try:
            return by(text)
        except Unfit as unfit:
            raise PydanticCustomError("unfit", "{said}", {"said": str(unfit)}) from None

    return AfterValidator(tidy)


DisplayName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=NAME_LENGTH + SUFFIX_LENGTH,
        description=f"at most {NAME_LENGTH} characters, all of them to be seen; digits are added (`Dana#4821`) where "
        "somebody has a name that looks like it",
        examples=["Dana"],
    ),
    _tidied(tidy_name),
]
Bio = Annotated[
    str,
    Field(max_length=BIO_LENGTH, description='"" takes it away', examples=["Comes for the jazz."]),
    _tidied(tidy_bio),
]
Interests = Annotated[list[Interest], Field(max_length=20)]


class ProfileChange(Body):
    """What is left out stays as it is."""

    display_name: DisplayName | None = None
    bio: Bio | None = None
    avatar_id: AvatarId | None = None
    avatar_config: AvatarConfig | None = Field(default=None, description="replaces the whole of it")
    interests: Interests | None = None
    locale: Locale | None = None
    privacy_level: PrivacyLevel | None = None

    def change(self) -> Change:
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return Change(**given | {"interests": None if self.interests is None else tuple(self.interests)})


class OwnProfile(BaseModel):
    """One's own profile."""

    user_id: UUID
    display_name: str
    bio: str | None
    avatar_id: AvatarId
    avatar_config: dict[str, str] = Field(description="as `avatar_config` of the vocabulary; without what is not set")
    interests: list[Interest]
    locale: Locale
    privacy_level: PrivacyLevel
    created_at: datetime
    updated_at: datetime
    profile_version: int = Field(description="grows with each change")

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(**{**row, "profile_version": row["version"]})


class Card(BaseModel):
    """A profile as others see it. Of a `limited` one strangers see name and avatar alone; the rest is null."""

    user_id: UUID
    display_name: str
    avatar_id: AvatarId
    avatar_config: dict[str, str] = Field(description="as `avatar_config` of the vocabulary; without what is not set")
    privacy_level: PrivacyLevel
    profile_version: int = Field(description="grows with each change; rooms tell it in `join` and `snapshot`")
    bio: str | None
    interests: list[Interest] | None
    locale: Locale | None


def card(seen: Seen) -> dict[str, Any]:
    """A `Card`, for orjson."""
    row, details = seen.row, seen.details
    return {
        "user_id": row["user_id"],
        "display_name": row["display_name"],
        "avatar_id": row["avatar_id"],
        "avatar_config": orjson.Fragment(row["avatar_config"]),
        "privacy_level": row["privacy_level"],
        "profile_version": row["version"],
        "bio": row["bio"] if details else None,
        "interests": row["interests"] if details else None,
        "locale": row["locale"] if details else None,
    }


class Avatar(BaseModel):
    id: AvatarId
    name: str = Field(examples=["Ace"])


class Vocabulary(BaseModel):
    """What a profile may say outside its free text."""

    interests: list[Interest]
    avatars: list[Avatar]
    avatar_config: dict[str, Any] = Field(description="JSON Schema")
    locales: list[Locale]


VOCABULARY: Final = Vocabulary(
    interests=list(get_args(Interest)),
    avatars=[Avatar(id=each, name=each.title()) for each in get_args(AvatarId)],
    avatar_config=AvatarConfig.model_json_schema(),
    locales=list(get_args(Locale)),
)
