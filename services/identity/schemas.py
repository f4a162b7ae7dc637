"""Bodies in and out. What goes out of an account are the columns of `users`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from asyncpg import Record
from pydantic import BaseModel, Field, StringConstraints

from libs.chassis.bodies import Body
from libs.contracts.vocabulary import AuthProvider, DeviceType, Role, Service
from services.identity.addresses import Email
from services.identity.erasures import Progress
from services.identity.service import SignedIn

LanguageTag = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35),
    Field(description="of the mail; English where it is one we do not speak", examples=["he-IL"]),
]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=16), Field(examples=["042137"])]
RefreshText = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class AskForCode(Body):
    email: Email
    locale: LanguageTag | None = None


class UseCode(Body):
    email: Email
    code: Code
    device_type: DeviceType


class Refresh(Body):
    refresh_token: RefreshText


class CodeSent(BaseModel):
    """The same for every address."""

    expires_in: int = Field(description="seconds the code is good for")


class Account(BaseModel):
    id: UUID
    created_at: datetime
    updated_at: datetime
    email: str | None
    auth_provider: AuthProvider
    auth_provider_user_id: str | None
    status: Literal["active", "suspended", "deleted"]
    last_login_at: datetime | None
    roles: list[Role]

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(**row)


class Tokens(BaseModel):
    """RFC 6749, section 5.1, and whose they are."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a word of the protocol
    expires_in: int = Field(description="seconds the access token is good for")
    scope: Literal["full", "appeal"] = Field(description="appeal: of a suspended person, for an appeal and no more")
    refresh_token: str | None = Field(description="good for one use; the answer to it has the next one; none to appeal")
    user: Account

    @classmethod
    def of(cls, signed_in: SignedIn, lifetime: int) -> Self:
        return cls(
            access_token=signed_in.access_token,
            expires_in=lifetime,
            scope="full" if signed_in.refresh_token else "appeal",
            refresh_token=signed_in.refresh_token,
            user=Account.of(signed_in.user),
        )


class Session(BaseModel):
    """A device that is signed in."""

    id: UUID
    device_type: DeviceType
    auth_provider: AuthProvider
    started_at: datetime
    last_seen_at: datetime
    current: bool = Field(description="the one that asks")

    @classmethod
    def of(cls, row: Record, asking: UUID) -> Self:
        return cls(**row, current=row["id"] == asking)


class Receipt(BaseModel):
    receipt: UUID = Field(description="shows how far the erasure is, to whoever has it")


class Erasure(BaseModel):
    """How far it is, by service."""

    status: Progress
    services: dict[Service, Progress]

    @classmethod
    def of(cls, services: Mapping[Service, Progress]) -> Self:
        done = all(each == "done" for each in services.values())
        return cls(status="done" if done else "pending", services=dict(services))


class Jwks(BaseModel):
    """RFC 7517."""

    keys: list[dict[str, Any]]
