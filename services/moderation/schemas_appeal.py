"""Bodies in and out of appeals."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from libs.chassis.bodies import Body
from libs.contracts.vocabulary import ReasonCode, SanctionKind
from services.moderation.appeals import AppealFile
from services.moderation.schemas import AppealState, SanctionState, Text


class NewAppeal(Body):
    text: Text


class Appealed(BaseModel):
    id: UUID
    status: Literal["open"] = "open"


class Decision(Body):
    upheld: bool = Field(description="of the appeal: true lifts the sanction")
    statement: Text = Field(description="the reasons, as the person is told them")


class Appeal(BaseModel):
    """An appeal and the sanction it is about. Texts are null once their key has been destroyed."""

    id: UUID
    sanction_id: UUID
    user_id: UUID
    text: str | None
    state: AppealState
    opened_at: datetime
    decided_by_user_id: UUID | None
    decided_at: datetime | None
    answer: str | None = Field(description="the reasons for the decision")
    kind: SanctionKind
    room_id: UUID | None
    reason_code: ReasonCode
    reasons: str | None = Field(description="those for the sanction")
    sanction_state: SanctionState
    imposed_at: datetime
    until: datetime | None
    by_user_id: UUID
    approved_by_user_id: UUID | None
    report_id: UUID | None

    @classmethod
    def of(cls, file: AppealFile) -> Self:
        return cls(**{**file.row, "text": file.text, "reasons": file.reasons, "answer": file.answer})
