"""Bodies in and out. What goes out of a room are the columns of `rooms`, and its occupancy."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from libs.chassis.bodies import Body, Whole
from libs.contracts.vocabulary import Capacity, DeviceType, JoinSource, Region, Theme
from libs.eventstore.db import Record
from services.rooms.hosting import Plan
from services.rooms.ports import Ticket

Name = Annotated[
    str,
    StringConstraints(max_length=80, pattern=r"^[^\s\x00-\x1f\x7f-\x9f]+( [^\s\x00-\x1f\x7f-\x9f]+)*$"),
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
    join_source: JoinSource = "direct"


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
    ticket: str
    ws_url: str
    expires_at: datetime

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        return cls(visit_id=ticket.visit_id, ticket=ticket.ticket, ws_url=ticket.ws_url, expires_at=ticket.expires_at)
