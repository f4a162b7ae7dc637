"""What is told of friends, blocks and mutes: ids and times. Cards come from `GET /v1/profiles?ids=`."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from libs.eventstore.db import Record
from services.social.queries.pairs import Status

Direction = Literal["incoming", "outgoing"]


class FriendStatus(BaseModel):
    """`pending` until the other has asked too, or said yes."""

    status: Status


class Friend(BaseModel):
    """A friend, or somebody who may become one."""

    user_id: UUID
    status: Status
    direction: Direction | None = Field(description="of a pending request: who is to answer; null for friends")
    created_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        status, created_at = row["status"], row["created_at"]
        return cls(user_id=row["user_id"], status=status, direction=direction_of(row), created_at=created_at)


class Friendship(BaseModel):
    """How somebody stands to me."""

    user_id: UUID
    status: Literal["none", "pending", "accepted"]
    direction: Direction | None
    created_at: datetime | None
    mutual_friends: int | None = Field(description="how many friends we share; null where that is kept private")

    @classmethod
    def of(cls, other: UUID, row: Record | None, mutual: int | None) -> Self:
        return cls(
            user_id=other,
            status=row["status"] if row else "none",
            direction=direction_of(row) if row else None,
            created_at=row["created_at"] if row else None,
            mutual_friends=mutual,
        )


class Person(BaseModel):
    """Somebody I have blocked or muted, and since when."""

    user_id: UUID
    created_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(**row)


def direction_of(row: Record) -> Direction | None:
    if row["status"] == "accepted":
        return None
    return "incoming" if row["incoming"] else "outgoing"
