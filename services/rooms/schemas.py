"""Bodies in and out. What goes out of a room are the columns of `rooms`, and its occupancy."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from libs.chassis.bodies import Body, Id, Whole
from libs.chassis.text import tidy_line
from libs.contracts.vocabulary import Capacity, DeviceType, JoinSource, Locale, Region, Theme
from libs.eventstore.db import Record
from services.rooms.hosting import Plan
from services.rooms.invites import Invited
from services.rooms.ports import Ticket
from services.rooms.scoring import Reason, Wish
from services.rooms.whereabouts import Presence

YEAR = 366 * 24 * 3600

Name = Annotated[
    str,
    StringConstraints(max_length=80, pattern=r"^[^\s\x00-\x1f\x7f-\x9f]+( [^\s\x00-\x1f\x7f-\x9f]+)*$"),
    AfterValidator(tidy_line),
    Field(description="words with single spaces between them", examples=["The Blue Note"]),
]


class NewRoom(Body):
    name: Name
    theme: Theme
    is_private: bool
    capacity: Annotated[Capacity, Whole]
    region: Region

    def plan(self) -> Plan:
        return Plan(self.name, self.theme, self.is_private, self.capacity, self.region)


class RoomChange(Body):
    """What is left out stays as it is."""

    name: Name | None = None
    theme: Theme | None = None
    is_private: bool | None = None
    capacity: Annotated[Capacity, Whole] | None = None


class JoinRoom(Body):
    device_type: DeviceType
    join_source: JoinSource = Field("direct", description="what is recorded is the way in that was taken")


class JoinByInvite(Body):
    device_type: DeviceType


class FindRoom(Body):
    """What is left out does not matter, but for the language, which then is the profile's."""

    device_type: DeviceType
    region: Region | None = None
    theme: Theme | None = None
    language: Locale | None = None

    @property
    def wish(self) -> Wish:
        return Wish(self.region, self.theme, self.language)


class NewInvite(Body):
    user_id: Id | None = Field(None, description="for whom; anyone where it is left out")


class Kick(Body):
    user_id: Id
    seconds: Annotated[int, Field(ge=1, le=YEAR), Whole] | None = Field(None, description="stay out so long")


class MuteFor(Body):
    seconds: Annotated[int, Field(ge=1, le=YEAR), Whole] | None = Field(None, description="until further notice")


class RoomCard(BaseModel):
    """A room as anybody may see it."""

    id: UUID
    name: str | None = Field(description="null once its host has been forgotten")
    theme: Theme
    is_private: bool
    capacity: int
    region: Region
    created_by: UUID | None = Field(description="null for the house's own rooms")
    created_at: datetime
    occupancy: int = Field(description="seats taken or kept for somebody on the way")
    is_locked: bool = Field(description="open to its host, moderators and invited people alone, for now")

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(**{name: row[name] for name in cls.model_fields})


class Member(BaseModel):
    """Somebody seated in the room."""

    user_id: UUID
    joined_at: datetime

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(**row)


class TicketAnswer(BaseModel):
    """Show `ticket` in the first frame (`hello`) at `ws_url`, once, before `expires_at`."""

    visit_id: UUID
    room_id: UUID
    ticket: str
    ws_url: str
    expires_at: datetime

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        return cls(
            visit_id=ticket.visit_id,
            room_id=ticket.room_id,
            ticket=ticket.ticket,
            ws_url=ticket.ws_url,
            expires_at=ticket.expires_at,
        )


class Waitlist(BaseModel):
    """A place in the line before a full room. Ask for the seat again after `Retry-After` to keep it, and to move up."""

    position: int = Field(ge=1, description="1: the next seat that is given back is yours, when you ask")
    expires_at: datetime = Field(description="the place is lost unless you have asked again by then")


class MatchAnswer(TicketAnswer):
    """A seat in the room that suits best, and why."""

    room: RoomCard
    reasons: list[Reason] = Field(description="the weightiest first")


class InviteAnswer(BaseModel):
    """`token` is shown once; `POST /v1/invites/{token}/join` uses it up."""

    id: UUID
    token: str
    expires_at: datetime

    @classmethod
    def of(cls, invited: Invited) -> Self:
        return cls(id=invited.id, token=invited.token, expires_at=invited.expires_at)


class Whereabouts(BaseModel):
    """Offline is also whoever is no friend, or keeps to themselves."""

    user_id: UUID
    online: bool
    room_id: UUID | None = Field(description="null in a private room where one is not")
    device_type: DeviceType | None

    @classmethod
    def of(cls, presence: Presence) -> Self:
        return cls(
            user_id=presence.user_id,
            online=presence.online,
            room_id=presence.room_id,
            device_type=presence.device_type,
        )
