"""Bodies in and out. What goes out of a report are the columns of `reports`."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from libs.chassis.bodies import Body, Id, Whole
from libs.contracts.vocabulary import ReasonCode, ReportType, SanctionKind
from libs.eventstore.db import Record
from services.moderation.appeals import Told
from services.moderation.deciders.appeal import WINDOW
from services.moderation.deciders.measure import MOMENTARY
from services.moderation.filing import Complaint
from services.moderation.queries import Status
from services.moderation.sanctions import Order, Stated

IN_A_ROOM: Final = frozenset({"kick", "room_ban"})
ANYWHERE: Final = frozenset({"suspend", "ban"})
TEN_YEARS: Final = 315_360_000  # seconds

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Seconds = Annotated[int, Whole, Field(ge=1, le=TEN_YEARS)]
AppealState = Literal["open", "upheld", "rejected"]
SanctionState = Literal["needs_second_approver", "in_force", "done", "expired", "withdrawn", "appeal"]


class NewReport(Body):
    reported_user_id: Id
    room_id: Id | None = None
    report_type: ReportType
    description: Text | None = None
    evidence_id: Id | None = None

    def complaint(self) -> Complaint:
        return Complaint(self.reported_user_id, self.report_type, self.room_id, self.description, self.evidence_id)


class Filed(BaseModel):
    id: UUID
    status: Literal["open"] = "open"


class HandedIn(BaseModel):
    evidence_id: UUID


class MyReport(BaseModel):
    """What I reported, and whether somebody has looked at it."""

    id: UUID
    reported_user_id: UUID
    room_id: UUID | None
    report_type: ReportType
    description: str | None
    status: Status
    created_at: datetime


class QueuedCase(BaseModel):
    id: UUID
    report_type: ReportType
    room_id: UUID | None
    status: Status
    created_at: datetime
    claimed_by: UUID | None
    claimed_until: datetime | None


class Queued(BaseModel):
    """Somebody who was reported."""

    user_id: UUID
    priority: int = Field(
        description="how grave, and how many different people say so; one person's reports count once"
    )
    reports: int
    reporters: int = Field(description="different people")
    report_types: list[ReportType]
    oldest_at: datetime
    newest_at: datetime
    cases: list[QueuedCase] = Field(description="the oldest twenty")

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(**row)


class NewSanction(Body):
    user_id: Id
    kind: SanctionKind
    room_id: Id | None = Field(default=None, description="needed for kick and room_ban, possible for warn and mute")
    seconds: Seconds | None = Field(default=None, description="without it for good; not for warn and kick")
    reason_code: ReasonCode
    statement: Text = Field(description="the reasons, as the person is told them")
    report_id: Id | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind in IN_A_ROOM and self.room_id is None:
            raise ValueError(f"{self.kind} needs a room_id")
        if self.kind in ANYWHERE and self.room_id is not None:
            raise ValueError(f"{self.kind} holds everywhere, and takes no room_id")
        if self.kind in MOMENTARY and self.seconds is not None:
            raise ValueError(f"{self.kind} is over at once, and takes no seconds")
        return self

    def order(self) -> Order:
        return Order(**self.model_dump())


class Stands(BaseModel):
    """What stands, or stood, against somebody, and why."""

    id: UUID
    kind: SanctionKind
    room_id: UUID | None
    reason_code: ReasonCode
    statement: str | None
    state: SanctionState
    imposed_at: datetime
    until: datetime | None = Field(description="null: for good, or over at once")
    ended_at: datetime | None
    appeal_until: datetime

    @classmethod
    def of(cls, stated: Stated) -> Self:
        given: dict[str, Any] = {name: stated.row[name] for name in cls.model_fields if name in stated.row.keys()}  # noqa: SIM118
        given |= {"statement": stated.statement, "appeal_until": stated.row["imposed_at"] + WINDOW}
        return cls(**given)


class MyAppeal(BaseModel):
    """What came of it."""

    state: AppealState
    answer: str | None = Field(description="the reasons, once it is decided")


class MySanction(Stands):
    """What stands, or stood, against me, and why."""

    appeal: MyAppeal | None

    @classmethod
    def told(cls, told: Told) -> Self:
        row = told.stated.row
        appeal = MyAppeal(state=row["appeal_state"], answer=told.answer) if row["appeal_id"] else None
        return cls(**Stands.of(told.stated).model_dump(), appeal=appeal)


class Sanction(Stands):
    """A sanction as moderators see it."""

    user_id: UUID
    report_id: UUID | None
    by_user_id: UUID
    approved_by_user_id: UUID | None


class Person(BaseModel):
    """What moderation knows of somebody."""

    user_id: UUID
    deleted: bool
    roles: list[str]
    reports: int = Field(description="about them")
    reporters: int = Field(description="different people who reported them")
    unresolved: int
    filed: int = Field(description="reports by them")
    filed_and_sanctioned: int = Field(description="of these, how many led to a sanction")
    sanctions: list[Sanction] = Field(description="the newest hundred")


class AuditEntry(BaseModel):
    """hash = SHA-256(hash of the entry before, this one as canonical JSON); see the service's README."""

    seq: int
    hash: str
    entry_id: UUID
    at: datetime
    by_user_id: UUID | None = Field(description="null: the house itself")
    action: str
    object_id: UUID
    about_user_id: UUID | None
    detail: dict[str, str]

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(**{**row, "hash": row["hash"].hex()})
